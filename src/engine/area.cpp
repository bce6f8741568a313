// SPDX-License-Identifier: Apache-2.0
// The engine's own entities and what it registers.
#include "engine/internal.hpp"
#include "engine/migrate.hpp"
#include "engine/owners.hpp"
#include "kith/engine/archive.hpp"
#include "kith/engine/feed.hpp"

namespace kith {
namespace {

constexpr auto kHeadFields = struct_table<Head>(
    field<&Head::format>("format"), field<&Head::last_id>("last_id"), field<&Head::last_change>("last_change"),
    field<&Head::access_seq>("access_seq"), field<&Head::recorded>("recorded"), field<&Head::hash>("hash"),
    field<&Head::currency>("currency", {.required = true}), field<&Head::zone>("zone", {.required = true}));

constexpr auto kWorkFields = log_table<WorkRow>(
    field<&WorkRow::recorded>("recorded", {.indexed = true}), field<&WorkRow::actor>("actor"),
    field<&WorkRow::cause>("cause"), field<&WorkRow::key>("key"), field<&WorkRow::payload>("payload"),
    field<&WorkRow::result>("result"), field<&WorkRow::changes>("changes"), field<&WorkRow::hash>("hash"));
constexpr UniqueKey kWorkUnique[] = {{{"key"}}};

constexpr auto kChangeFields = log_table<ChangeRow>(
    field<&ChangeRow::seq>("seq"), field<&ChangeRow::entity>("entity"), field<&ChangeRow::record>("record"),
    field<&ChangeRow::kind>("kind"), field<&ChangeRow::salt>("salt"), field<&ChangeRow::digest>("digest"));

constexpr auto kPrincipalFields = field_table<Principal>(
    field<&Principal::name>("name", {.required = true, .max_length = 200}), field<&Principal::kind>("kind"),
    field<&Principal::employee>("employee", {.refers_to = "employee"}), field<&Principal::active>("active"));
constexpr UniqueKey kNameUnique[] = {{{"name"}}};

constexpr auto kRoleFields = field_table<Role>(field<&Role::name>("name", {.required = true, .max_length = 200}));

constexpr auto kGrantFields = field_table<Grant>(field<&Grant::role>("role", {.required = true, .refers_to = "role"}),
                                                 field<&Grant::entity>("entity", {.required = true}),
                                                 field<&Grant::action>("action"), field<&Grant::level>("level"));
constexpr UniqueKey kGrantUnique[] = {{{"role", "entity", "action"}}};

constexpr auto kHolderFields =
    field_table<RoleHolder>(field<&RoleHolder::principal>("principal", {.required = true, .refers_to = "principal"}),
                            field<&RoleHolder::role>("role", {.required = true, .refers_to = "role"}));
constexpr UniqueKey kHolderUnique[] = {{{"principal", "role"}}};

constexpr auto kMigrationFields =
    field_table<MigrationRow>(field<&MigrationRow::from_format>("from_format", {.kept = true}),
                              field<&MigrationRow::to_format>("to_format", {.kept = true}),
                              field<&MigrationRow::additions>("additions", {.kept = true, .max_length = 10'000'000}),
                              field<&MigrationRow::statements>("statements", {.kept = true, .max_length = 10'000'000}),
                              field<&MigrationRow::checksum>("checksum", {.kept = true}));

constexpr auto kConsumerFields =
    field_table<Consumer>(field<&Consumer::name>("name", {.required = true, .max_length = 200}),
                          field<&Consumer::principal>("principal", {.required = true, .refers_to = "principal"}),
                          field<&Consumer::position>("position", {.kept = true, .minimum = 0}));

constexpr auto kArchiveFields = field_table<ArchiveRow>(
    field<&ArchiveRow::until>("until", {.kept = true}), field<&ArchiveRow::recorded>("recorded", {.kept = true}),
    field<&ArchiveRow::hash>("hash", {.kept = true}), field<&ArchiveRow::last_change>("last_change", {.kept = true}),
    field<&ArchiveRow::access_seq>("access_seq", {.kept = true}), field<&ArchiveRow::kept>("kept", {.kept = true}),
    field<&ArchiveRow::rows>("rows", {.kept = true}), field<&ArchiveRow::digest>("digest", {.kept = true}));

constexpr auto kRetentionFields =
    field_table<Retention>(field<&Retention::days>("days", {.minimum = 0, .maximum = 1'000'000}));

constexpr auto kOwnershipFields =
    field_table<Ownership>(field<&Ownership::entity>("entity", {.required = true}),
                           field<&Ownership::record>("record", {.required = true, .indexed = true}),
                           field<&Ownership::owner>("owner", {.refers_to = "employee"}),
                           field<&Ownership::unit>("unit", {.refers_to = "unit"}), field<&Ownership::from>("from"),
                           field<&Ownership::to>("to"));

constexpr Entity kHead =
    make_entity<Head>({.name = "head", .plural = "heads", .fields = kHeadFields, .keeping = Keeping::head});
constexpr Entity kWork = make_entity<WorkRow>(
    {.name = "work", .plural = "works", .fields = kWorkFields, .unique = kWorkUnique, .keeping = Keeping::log});
constexpr Entity kChange =
    make_entity<ChangeRow>({.name = "change", .plural = "changes", .fields = kChangeFields, .keeping = Keeping::log});
constexpr Entity kPrincipal = make_entity<Principal>({.name = "principal",
                                                      .plural = "principals",
                                                      .fields = kPrincipalFields,
                                                      .unique = kNameUnique,
                                                      .roles = {.title = "name", .access = true}});
constexpr Entity kRole = make_entity<Role>({.name = "role",
                                            .plural = "roles",
                                            .fields = kRoleFields,
                                            .unique = kNameUnique,
                                            .roles = {.title = "name", .access = true}});
constexpr Entity kGrant = make_entity<Grant>(
    {.name = "grant", .plural = "grants", .fields = kGrantFields, .unique = kGrantUnique, .roles = {.access = true}});
constexpr Entity kHolder = make_entity<RoleHolder>({.name = "role_holder",
                                                    .plural = "role_holders",
                                                    .fields = kHolderFields,
                                                    .unique = kHolderUnique,
                                                    .roles = {.access = true}});

constexpr Entity kMigration =
    make_entity<MigrationRow>({.name = "migration", .plural = "migrations", .fields = kMigrationFields});

constexpr Entity kConsumer = make_entity<Consumer>({.name = "consumer",
                                                    .plural = "consumers",
                                                    .fields = kConsumerFields,
                                                    .unique = kNameUnique,
                                                    .roles = {.title = "name"}});
constexpr Entity kArchive =
    make_entity<ArchiveRow>({.name = "archive", .plural = "archives", .fields = kArchiveFields});
constexpr Entity kRetention =
    make_entity<Retention>({.name = "retention", .plural = "retentions", .fields = kRetentionFields});

constexpr Entity kOwnership =
    make_entity<Ownership>({.name = "ownership", .plural = "ownerships", .fields = kOwnershipFields});

constexpr const Entity* kEntities[] = {&kHead,   &kWork,      &kChange,   &kPrincipal, &kRole,      &kGrant,
                                       &kHolder, &kMigration, &kConsumer, &kArchive,   &kRetention, &kOwnership};

void check_engine(const Reader& reader, std::vector<Finding>& findings) {
  check_migrations(reader, findings);
  check_owners(reader, findings);
}

constexpr Permit kPermits[] = {
    {"access::add_principal", "principal", Action::administer},
    {"access::set_grant", "role", Action::administer},
    {"check", "principal", Action::administer},
    {"history::verify", "principal", Action::administer},
    {"history::purge", "principal", Action::administer},
    {"history::subscribe", "consumer", Action::create},
    {"ownership::assign", "ownership", Action::edit},
    {"history::set_retention", "principal", Action::administer},
    {"archive", "principal", Action::administer},
    {"history::erase_person", "principal", Action::administer},
    {"history::scrub", "principal", Action::administer},
};

constexpr FirstGrant kGrants[] = {
    {"admin", "*", Action::read, Level::all},      {"admin", "*", Action::create, Level::all},
    {"admin", "*", Action::edit, Level::all},      {"admin", "*", Action::remove, Level::all},
    {"admin", "*", Action::close, Level::all},     {"admin", "*", Action::administer, Level::all},
    {"manager", "role", Action::read, Level::all}, {"seller", "role", Action::read, Level::all},
};

}  // namespace

const Area kEngineArea{
    .name = "engine", .entities = kEntities, .permits = kPermits, .grants = kGrants, .check = check_engine};

template <>
const Entity& entity_of<Head>() {
  return kHead;
}
template <>
const Entity& entity_of<WorkRow>() {
  return kWork;
}
template <>
const Entity& entity_of<ChangeRow>() {
  return kChange;
}
template <>
const Entity& entity_of<Principal>() {
  return kPrincipal;
}
template <>
const Entity& entity_of<MigrationRow>() {
  return kMigration;
}
template <>
const Entity& entity_of<Consumer>() {
  return kConsumer;
}
template <>
const Entity& entity_of<ArchiveRow>() {
  return kArchive;
}
template <>
const Entity& entity_of<Retention>() {
  return kRetention;
}
template <>
const Entity& entity_of<Ownership>() {
  return kOwnership;
}
template <>
const Entity& entity_of<Role>() {
  return kRole;
}
template <>
const Entity& entity_of<Grant>() {
  return kGrant;
}
template <>
const Entity& entity_of<RoleHolder>() {
  return kHolder;
}

}  // namespace kith
