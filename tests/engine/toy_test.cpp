// SPDX-License-Identifier: Apache-2.0
// The toy domain itself, and that its store opens.
#include "engine/toy.hpp"

#include <unistd.h>

#include "kith/base/error.hpp"
#include "support/postgres_server.hpp"

namespace kith {
namespace toy {
namespace {

constexpr auto kBoxFields =
    field_table<Box>(field<&Box::name>("name", {.required = true, .max_length = 20}), field<&Box::owner>("owner"),
                     field<&Box::unit>("unit"), field<&Box::colour>("colour"), field<&Box::price>("price"),
                     field<&Box::weight>("weight", {.scale = 3}), field<&Box::inside>("inside", {.refers_to = "box"}),
                     field<&Box::code>("code"));
constexpr UniqueKey kBoxUnique[] = {{{"code"}}};
constexpr auto kLabelFields = field_table<Label>(field<&Label::box>("box", {.required = true, .refers_to = "box"}),
                                                 field<&Label::text>("text", {.required = true, .personal = true}));

constexpr Entity kBox = make_entity<Box>({.name = "box",
                                          .plural = "boxes",
                                          .fields = kBoxFields,
                                          .unique = kBoxUnique,
                                          .roles = {.owner = "owner", .unit = "unit", .title = "name"}});
constexpr Entity kLabel = make_entity<Label>(
    {.name = "label", .plural = "labels", .fields = kLabelFields, .roles = {.title = "text", .parent = "box"}});

constexpr const Entity* kEntities[] = {&kBox, &kLabel};
constexpr FirstGrant kGrants[] = {
    {"manager", "box", Action::read, Level::subtree}, {"manager", "box", Action::edit, Level::unit},
    {"seller", "box", Action::read, Level::unit},     {"seller", "box", Action::create, Level::own},
    {"seller", "box", Action::edit, Level::own},      {"seller", "box", Action::remove, Level::own},
};

Reach reach(const Reader&, Id employee, Date) {
  if (employee != Id{7}) return {};
  return {.units = {{1}}, .subtree_units = {{1}, {2}}};
}

constexpr RecordVerbs kVerbs[] = {
    {.entity = "box", .remove = [](Work& work, Id id, std::int64_t revision) { work.remove<Box>(id, revision); }}};

const Area kToyArea{.name = "toy", .entities = kEntities, .verbs = kVerbs, .grants = kGrants, .reach = reach};

}  // namespace

const Model& model() {
  static const Area* const areas[] = {&kToyArea};
  static const Model instance(areas);
  return instance;
}

Options options() {
  Options options;
  options.clock = [] { return parse_timestamp("2026-03-01T09:00:00Z"); };
  options.random = [next = std::uint8_t{0}](std::span<std::uint8_t> bytes) mutable {
    for (std::uint8_t& byte : bytes) byte = next++;
  };
  options.storage.busy_ms = 50;
  return options;
}

Store::Store(const std::string& backend) : backend_(backend) {
  if (backend_ == "memory") {
    memory_ = open_memory(options().storage);
    return;
  }
  if (backend_ == "postgres") {
    tenant_ = test::postgres_tenant_url("toy");
    return;
  }
  std::string pattern = (std::filesystem::temp_directory_path() / "kith-toy-XXXXXX").string();
  path_ = std::string(mkdtemp(pattern.data())) + "/toy.kith";
}

Store::~Store() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(std::filesystem::path(path_).parent_path(), ignored);
}

std::shared_ptr<Engine> Store::open() const {
  if (memory_) return Engine::open(memory_, model(), options());
  return Engine::open(tenant_.empty() ? "sqlite:" + path_ : tenant_, model(), options());
}

Box box(std::string name, std::optional<Id> owner, std::optional<Id> unit) {
  Box made;
  made.name = std::move(name);
  made.owner = owner;
  made.unit = unit;
  return made;
}

TEST(Toy, AModelDerivesAHistoryTableForEachVersionedEntity) {
  const Entity* history = model().history_of(entity_of<Box>());
  ASSERT_NE(history, nullptr);
  EXPECT_EQ(history->name, "box_history");
  EXPECT_EQ(history->fields.size(), entity_of<Box>().fields.size() + 1);
  EXPECT_EQ(history->fields.back().name, "to_seq");
  EXPECT_EQ(model().history_of(entity_of<WorkRow>()), nullptr);
  EXPECT_EQ(&model().entity("boxes"), &entity_of<Box>());
  EXPECT_EQ(code_of_error([] { model().entity("bocks"); }), Code::invalid);
}

}  // namespace toy

template <>
const Entity& entity_of<toy::Box>() {
  return toy::kBox;
}
template <>
const Entity& entity_of<toy::Label>() {
  return toy::kLabel;
}

}  // namespace kith
