// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_errors.hpp"

#ifdef KITH_POSTGRES

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "kith/base/error.hpp"
#include "storage/postgres_foreign.hpp"
#include "storage/postgres_sql.hpp"

namespace kith::postgres {

std::string without_end(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return std::string(text);
}

bool is_lost(std::string_view state) {
  return state.starts_with("08") || state == "57P01" || state == "57P02" || state == "57P03" || state == "57P05" ||
         state == "25P03";
}

std::string state_in(std::string_view said) {
  std::string state;
  for (std::size_t at = said.find(kServerSays); at != std::string_view::npos; at = said.find(kServerSays, at + 1)) {
    const std::string_view word = said.substr(at + kServerSays.size(), 6);
    const bool is_state = word.size() == 6 && word[5] == ':' && std::all_of(word.begin(), word.end() - 1, [](char c) {
                            return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
                          });
    if (is_state) state = word.substr(0, 5);
  }
  return state;
}

void fail_connect(const Settings& settings, std::string_view user, std::string_view state, const std::string& said) {
  const std::string where = fmt::format("cannot connect to {}: {}; ", settings.place, said);
  if (state == "3D000") {
    throw Error(Code::not_found, where + "make the database (createdb), or check its name in the URL");
  }
  if (state.starts_with("28")) {
    throw Error(Code::denied,
                fmt::format("{}check the role '{}', its password and the server's pg_hba.conf", where, user));
  }
  if (state == "42501") {
    throw Error(Code::denied, fmt::format("{}grant the role '{}' CONNECT, or use another one", where, user));
  }
  if (state == "53300") {
    throw Error(Code::busy, where +
                                "no connection is left; lower kith_pool, raise max_connections or the limit of "
                                "the role, or try again later");
  }
  throw Interrupted(where + "check the URL, that the server runs and that it lets this role in", false);
}

namespace {

std::string_view advice(std::string_view state) {
  if (state == "53100") return "the server's disk is full; free some space there, then try again";
  if (state == "53200") return "the server is short of memory; try again later";
  if (state == "57014") {
    return "it took longer than the statement timeout allows, or was cancelled on the server; try again, or raise "
           "kith_statement_ms";
  }
  if (state == "25P02") return "an earlier failure has undone the transaction; give it up and begin another one";
  if (state == "42P05" || state == "26000") return "a pooler stands between; open the store with kith_prepare=unnamed";
  if (state.starts_with("58")) return "check the server's disk and its log, then try again";
  return "see the server's log, then try again";
}

/// What the server says of a failure, and what Kith was doing.
struct Refusal {
  const Channel& channel;
  const Doing& doing;
  std::string_view state;
  std::string said;
  std::string_view context;     ///< the functions in which it happened, where it was in any
  std::string_view constraint;  ///< without the number of a shard
  std::string_view column;
  std::string type;   ///< quoted, with its schema: a domain whose rule was broken
  std::string table;  ///< quoted, with its schema: the one in question, or empty
  std::string where;  ///< "customer of database ..."

  const std::string& place() const { return channel.settings().place; }
  bool migrating() const { return doing.verb == kMigrating; }
  /// Of a migration each step is kept by itself.
  std::string_view kept() const { return migrating() ? "what is migrated stays" : "nothing was changed"; }
};

Refusal refusal_of(const Channel& channel, const Result& result, const Doing& doing) {
  Refusal all{.channel = channel,
              .doing = doing,
              .state = result.field(PG_DIAG_SQLSTATE),
              .said = without_end(result.field(PG_DIAG_MESSAGE_PRIMARY)),
              .context = result.field(PG_DIAG_CONTEXT),
              .constraint = result.field(PG_DIAG_CONSTRAINT_NAME),
              .column = result.field(PG_DIAG_COLUMN_NAME),
              .type = {},
              .table = {},
              .where = channel.settings().place};
  if (all.said.empty()) all.said = without_end(api().PQerrorMessage(channel.raw()));
  std::string_view schema = result.field(PG_DIAG_SCHEMA_NAME);
  if (const auto type = result.field(PG_DIAG_DATATYPE_NAME); !type.empty()) all.type = qualified(schema, type);
  std::string_view table = result.field(PG_DIAG_TABLE_NAME);
  const std::string_view ours = doing.table;
  if (!ours.empty()) all.where = fmt::format("{} of {}", ours, all.where);
  // A node of a cluster names its shard: customer_102020, and its constraint: theirs_102020.
  if (table.size() > ours.size() + 1 && !ours.empty() && table.starts_with(ours) && table[ours.size()] == '_' &&
      all.constraint.ends_with(table.substr(ours.size()))) {
    all.constraint.remove_suffix(table.size() - ours.size());
    table = ours;
  }
  if (table.empty()) {
    table = ours;
    schema = channel.settings().postgres.schema;
  }
  if (!table.empty()) all.table = qualified(schema, table);
  return all;
}

/// Of a line of context: a part of the server's own, or of a cluster's, that says nothing of a function. None of these
/// words are translated.
bool is_own_context(std::string_view line) {
  // A block without a name no trigger runs.
  for (const std::string_view mark : {"inline_code_block", "while executing command on "}) {
    if (line.find(mark) != std::string_view::npos) return true;
  }
  return line.empty();
}

/// These say the same wherever they come from.
bool is_passing(std::string_view state) {
  static constexpr std::array<std::string_view, 5> kStates = {"40001", "40P01", "55P03", "57014", "25006"};
  return state.starts_with("53") || state.starts_with("58") || state.starts_with("XX") ||
         std::find(kStates.begin(), kStates.end(), state) != kStates.end();
}

/// The innermost function in which it happened: 'PL/pgSQL function shop.audit() line 3 at RAISE'. What the server runs
/// in a function for a statement of Kith's is another program's: a trigger's, or one in a constraint, a rule, an index
/// or a policy. The words differ by the server's language, and their order: only the names of the languages that
/// functions are written in stand in each. A function in SQL has no such name, so what is no line of the server's own
/// is taken for one.
std::string_view function_of(const Refusal& refusal) {
  std::vector<std::string_view> lines;
  for (std::string_view rest = refusal.context; !rest.empty();) {
    lines.push_back(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(lines.back().size() + 1, rest.size()));
  }
  // "COPY customer, line 7" in any language, below whatever happened at one of its rows.
  if (refusal.doing.copies && !lines.empty() && lines.back().find("COPY") != std::string_view::npos) lines.pop_back();
  std::string_view any;
  for (const std::string_view line : lines) {
    // A server can be set to show the values of parameters, which may hold anything, behind all else.
    if (line.find("$1 = '") != std::string_view::npos) break;
    if (is_own_context(line)) continue;
    if (line.find("PL/") != std::string_view::npos) return line;
    if (any.empty()) any = line;
  }
  return any;
}

using Parts = std::optional<std::vector<ForeignPart>>;

/// Of whatever has no name in what the server tells: how it is mended. `in` is what is to be mended, "that function".
std::string mend_of(const Refusal& refusal, std::string_view in, const Parts& parts) {
  if (!parts) {
    return fmt::format(
        "mend {}, or drop the constraint, trigger, rule, column, index or policy that uses it{}; "
        "`kith doctor` of the store's URL names each",
        in, refusal.table.empty() ? "" : " from " + refusal.table);
  }
  if (parts->empty()) return fmt::format("mend {}", in);
  std::vector<std::string> drops;
  for (const ForeignPart& part : *parts) drops.push_back(part.drop);
  return fmt::format("mend {}, or run{}: {}", in, drops.size() == 1 ? "" : ", for what uses it,",
                     fmt::join(drops, "; "));
}

Parts parts_of(const Refusal& refusal) {
  if (refusal.doing.entity == nullptr) return std::nullopt;
  return foreign_parts_beside(refusal.channel, *refusal.doing.entity);
}

[[noreturn]] void fail_in_function(const Refusal& refusal, std::string_view function) {
  throw Error(refusal.state == "42501" ? Code::denied : Code::corrupt,
              fmt::format("a function of another program is in the way: cannot {} {}: {} ({}, in {}); {}; {}",
                          refusal.doing.verb, refusal.where, refusal.said, refusal.state, function, refusal.kept(),
                          mend_of(refusal, "that function", parts_of(refusal))));
}

bool is_write(std::string_view verb) { return verb == kInsert || verb == kUpdate || verb == kErase; }

[[noreturn]] void fail_changed(const Refusal& refusal) {
  throw Error(Code::corrupt,
              fmt::format("another program changed the tables: cannot {} {}: {} ({}); {}; undo that, or restore a "
                          "backup; `kith doctor` of the store's URL says what is changed",
                          refusal.doing.verb, refusal.where, refusal.said, refusal.state, refusal.kept()));
}

/// Kith's own statements compute nothing that fails for what is in a row: an expression that does is another program's,
/// in a constraint, a column, an index or a policy. The server tells which in no field.
void check_expression(const Refusal& refusal) {
  const std::string_view state = refusal.state;
  const bool computed = state.starts_with("22") || state.starts_with("42") || state.starts_with("2F") ||
                        state.starts_with("38") || state.starts_with("39");
  const bool by_pooler = state == "42P05";
  if (!computed || by_pooler || refusal.doing.entity == nullptr) return;
  const Parts parts = parts_of(refusal);
  if (parts && parts->empty() && is_write(refusal.doing.verb)) fail_changed(refusal);
  if (parts ? parts->empty() : !is_write(refusal.doing.verb)) return;
  throw Error(
      Code::corrupt,
      fmt::format("an expression of another program is in the way: cannot {} {}: {} ({}); {}; {}", refusal.doing.verb,
                  refusal.where, refusal.said, state, refusal.kept(), mend_of(refusal, "it", parts)));
}

/// A column that does not take null: one of Kith's that another program has changed, or one that it has added.
std::string drop_not_null(const Refusal& refusal) {
  const Entity* entity = refusal.doing.entity;
  const bool own = entity != nullptr && std::any_of(entity->fields.begin(), entity->fields.end(),
                                                    [&](const Field& one) { return one.name == refusal.column; });
  return fmt::format("run: ALTER TABLE {} {} {}{}", refusal.table, own ? "ALTER" : "DROP COLUMN",
                     quoted_name(refusal.column), own ? " DROP NOT NULL" : "");
}

bool is_name(std::string_view told, std::string_view name) { return told == name; }
/// A node of a cluster may put the number of its shard behind a name.
bool is_name_of_shard(std::string_view told, std::string_view name) {
  if (!told.starts_with(name)) return false;
  told.remove_prefix(name.size());
  return told.size() > 1 && told.front() == '_' &&
         std::all_of(told.begin() + 1, told.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// How a constraint is dropped that the server names: in a table, or in a type of a column.
std::string drop_constraint(const Refusal& refusal) {
  if (!refusal.type.empty()) {
    return fmt::format("run: ALTER DOMAIN {} DROP {}", refusal.type,
                       refusal.constraint.empty() ? "NOT NULL" : "CONSTRAINT " + quoted_name(refusal.constraint));
  }
  if (refusal.table.empty()) return "drop it";
  if (refusal.state == "23502" && !refusal.column.empty()) return drop_not_null(refusal);
  if (refusal.constraint.empty()) return mend_of(refusal, "it", parts_of(refusal));
  // A unique index need not be a constraint's.
  if (const Parts parts = refusal.state == "23505" ? parts_of(refusal) : std::nullopt; parts) {
    for (const auto& is_it : {is_name, is_name_of_shard}) {
      for (const ForeignPart& part : *parts) {
        if (is_it(refusal.constraint, part.name)) return "run: " + part.drop;
      }
    }
  }
  return "run: ALTER TABLE " + refusal.table + " DROP CONSTRAINT " + quoted_name(refusal.constraint);
}

[[noreturn]] void fail_constraint(const Refusal& refusal) {
  throw Error(Code::corrupt, fmt::format("a constraint or trigger of another program is in the way: cannot {} {}: {} "
                                         "({}); {}; {}",
                                         refusal.doing.verb, refusal.where, refusal.said, refusal.state, refusal.kept(),
                                         drop_constraint(refusal)));
}

/// A key that is taken is one of Kith's, unless the server says another name. That of a cluster's node may have the
/// number of its shard behind it.
void check_key(const Refusal& refusal) {
  const Entity* entity = refusal.doing.entity;
  if (entity != nullptr && !refusal.constraint.empty()) {
    std::vector<std::string> own = {std::string(entity->name) + "_pkey"};
    for (Definition& one : definitions(refusal.channel.settings().postgres.schema, *entity)) {
      if (one.name != entity->name) own.push_back(std::move(one.name));
    }
    const bool known = std::any_of(own.begin(), own.end(), [&](const std::string& name) {
      return is_name(refusal.constraint, name) || is_name_of_shard(refusal.constraint, name);
    });
    if (!known) fail_constraint(refusal);
  }
  // Kith's own keys are looked at before: only one that was put off comes up as late as this.
  if (refusal.doing.verb == kCommit && !refusal.constraint.empty() && !refusal.table.empty()) {
    const bool own = refusal.constraint.ends_with("_pkey") || refusal.constraint.find("_unique_") != std::string::npos;
    if (own) fail_changed(refusal);  // dropping alone would not mend it
    fail_constraint(refusal);
  }
  throw Error(Code::conflict, fmt::format("a unique key is taken in {} ({}); read again, then decide again",
                                          refusal.where, refusal.said));
}

/// The rights that a statement needs, beside SELECT.
std::string_view more_rights(std::string_view verb) {
  if (verb == kInsert) return ", INSERT";
  if (verb == kUpdate || verb == kLock) return ", UPDATE";
  return verb == kErase ? ", DELETE" : "";
}

bool has_rights(const Rights& rights, std::string_view verb) {
  if (verb == kInsert && !rights.insert) return false;
  if ((verb == kUpdate || verb == kLock) && !rights.update) return false;
  return rights.schema && rights.select && (verb != kErase || rights.erase);
}

/// What the role lacks, as the statement that grants it.
std::string grant_of(const Refusal& refusal) {
  const Settings& settings = refusal.channel.settings();
  const std::string role = quoted_name(api().PQuser(refusal.channel.raw()));
  const std::string schema = quoted_name(settings.postgres.schema);
  const std::string_view verb = refusal.doing.verb;
  if (verb == kMakingSchema) {
    return fmt::format("run as its owner: GRANT CREATE ON DATABASE {} TO {}",
                       quoted_name(api().PQdb(refusal.channel.raw())), role);
  }
  if (verb == kMaking) return fmt::format("run as its owner: GRANT USAGE, CREATE ON SCHEMA {} TO {}", schema, role);
  if (verb == kMigrating) return "do it with the role that owns the tables";
  if (refusal.doing.table.empty()) return "grant it that, or use another role";
  // What is lacking stands in no field of the server's, only in its sentence: so it is asked for.
  const auto rights = rights_beside(refusal.channel, refusal.doing.table);
  if (rights && has_rights(*rights, verb)) {
    return "it has every right on that table: " + mend_of(refusal, "what it may not use", parts_of(refusal));
  }
  const std::string usage = fmt::format("GRANT USAGE ON SCHEMA {} TO {}; ", schema, role);
  return fmt::format("run as the owner of the tables: {}GRANT SELECT{} ON {} TO {}",
                     rights && rights->schema ? "" : usage, more_rights(verb), refusal.table, role);
}

[[noreturn]] void fail_rights(const Refusal& refusal, const Result& result) {
  const char* role = api().PQuser(refusal.channel.raw());
  if (result.field(PG_DIAG_SOURCE_FUNCTION) == "check_enable_rls") {
    throw Error(Code::denied,
                fmt::format("row_security is off for the role '{}', its database or its connection, and then every "
                            "statement on tables with row-level security fails: cannot {} {}: {}; run: ALTER ROLE {} "
                            "SET row_security = on; or SET row_security = on",
                            role, refusal.doing.verb, refusal.where, refusal.said, quoted_name(role)));
  }
  if (result.field(PG_DIAG_SOURCE_FUNCTION) == "ExecWithCheckOptions") {
    throw Error(Code::denied,
                fmt::format("row-level security does not let the role '{}' {} {}: {}; `kith check` as the owner of the "
                            "tables names each policy that is not Kith's",
                            role, refusal.doing.verb, refusal.where, refusal.said));
  }
  throw Error(Code::denied, fmt::format("the role '{}' may not {} {}: {}; {}", role, refusal.doing.verb, refusal.where,
                                        refusal.said, grant_of(refusal)));
}

/// Another one held a lock for too long: a writer the row of the tenant, or any program a whole table.
[[noreturn]] void fail_locked(const Refusal& refusal) {
  const int wait = refusal.channel.settings().storage.busy_ms;
  if (refusal.migrating()) {
    throw Error(Code::busy, fmt::format("a table of {} was in use for more than {} ms; what is migrated stays, and the "
                                        "next opening goes on behind it: end what reads or writes there, then open it "
                                        "again",
                                        refusal.place(), wait));
  }
  // The server tells the row that was waited for, and of a table nothing.
  if (refusal.doing.table.empty() || (refusal.doing.verb == kLock && !refusal.context.empty())) {
    throw Error(Code::busy, fmt::format("another writer held {} for more than {} ms; try the whole work again",
                                        refusal.place(), wait));
  }
  const bool own = !refusal.channel.borrowed() || refusal.doing.verb == kLock;
  throw Error(Code::busy,
              fmt::format("another program held the whole table {} for more than {}; try again, or end what holds it "
                          "(VACUUM FULL, ALTER TABLE, CREATE INDEX or LOCK; pg_locks names its process)",
                          refusal.where, own ? fmt::format("{} ms", wait) : "the host's lock_timeout"));
}

/// What says that the tables are not what they were when the store was opened.
void check_tables_changed(const Refusal& refusal, const Result& result) {
  const std::string_view state = refusal.state;
  const std::string_view from = result.field(PG_DIAG_SOURCE_FUNCTION);
  if (state == "0A000" && from == "RewriteQuery") {
    throw Error(Code::corrupt, fmt::format("a rule of another program is in the way: cannot {} {}: {}; {}; {}",
                                           refusal.doing.verb, refusal.where, refusal.said, refusal.kept(),
                                           mend_of(refusal, "the rule", parts_of(refusal))));
  }
  if (state == "0A000" && from == "get_relation_info") {
    throw Error(Code::storage, fmt::format("a standby has no rows of a table that is UNLOGGED: cannot {} {}: {}; "
                                           "connect to the primary, and run there: ALTER TABLE {} SET LOGGED",
                                           refusal.doing.verb, refusal.where, refusal.said, refusal.table));
  }
  // A kept statement gives other columns now, or an operator finds other types.
  const bool changed_type =
      state == "42804" || state == "42883" || (state == "0A000" && from == "RevalidateCachedQuery");
  if (state == "42P01" || state == "42703" || state == "3F000" || changed_type) {
    fail_changed(refusal);
  }
  // A key that is looked at later, where the insert must know at once.
  if (state == "55000" && refusal.doing.verb == kInsert) {
    throw Error(Code::corrupt, fmt::format("a key of {} is deferrable, which none of Kith's is: cannot {} it: {} ({}); "
                                           "{}; {}",
                                           refusal.where, refusal.doing.verb, refusal.said, state, refusal.kept(),
                                           mend_of(refusal, "it as `kith doctor` says", parts_of(refusal))));
  }
  if (state != "42P07" && state != "42710") return;
  if (refusal.migrating()) {
    throw Error(Code::corrupt, fmt::format("a table, index or type of another program has taken a name that a "
                                           "migration of {} needs ({}); what is migrated stays, and the next opening "
                                           "goes on behind it: rename or remove what is in the way, then open it again",
                                           refusal.place(), refusal.said));
  }
  throw Error(Code::corrupt, fmt::format("another program's tables are in the way in {} ({}); nothing was changed; "
                                         "choose another kith_schema",
                                         refusal.place(), refusal.said));
}

}  // namespace

void Channel::fail_lost(std::string_view said) const {
  check_open();
  if (borrowed()) {
    throw Interrupted(fmt::format("the host's connection to {} was lost ({}); nothing of its transaction is kept; "
                                  "connect again and repeat all of it",
                                  settings_.place, without_end(said)),
                      false);
  }
  throw Interrupted(fmt::format("the connection to {} was lost ({}); nothing of the work is kept; try it again",
                                settings_.place, without_end(said)),
                    false);
}

void Channel::fail(const Result& result, const Doing& doing) const {
  const Refusal refusal = refusal_of(*this, result, doing);
  const std::string_view state = refusal.state;
  if (!alive() || is_lost(state)) fail_lost(refusal.said);
  check_lent();
  // The cursor, the undo point or the transaction is gone, and it was not Kith that ended it.
  if (borrowed() && !inside_.empty() && (state == "34000" || state == "3B001" || state == "25P01")) fail_moved();
  if (state == "55P03") fail_locked(refusal);
  if (state == "40001" || state == "40P01") {
    throw Error(Code::busy, fmt::format("the work met another one in {} ({}); {}", refusal.where, refusal.said,
                                        borrowed() ? "roll the host's transaction back and repeat all of it"
                                                   : "try the whole work again"));
  }
  if (const auto function = function_of(refusal); !function.empty() && !is_passing(state)) {
    fail_in_function(refusal, function);
  }
  if (state == "42501") fail_rights(refusal, result);
  if (state == "25006") {
    throw Error(Code::storage, fmt::format("{} is read-only, a replica or set so ({}); connect to the primary, for "
                                           "example with target_session_attrs=read-write",
                                           refusal.place(), refusal.said));
  }
  if (state == "XX001" || state == "XX002") {
    throw Error(Code::corrupt,
                fmt::format("{} is damaged ({}); nothing was changed; restore a backup", refusal.where, refusal.said));
  }
  check_tables_changed(refusal, result);
  if (state == "54000") {
    throw Error(Code::overflow, fmt::format("a value is too long for {} ({})", refusal.where, refusal.said));
  }
  if (state == "23505") check_key(refusal);
  if (state.starts_with("23") || state == "P0001") fail_constraint(refusal);
  check_expression(refusal);
  const bool known = state.starts_with("53") || state.starts_with("57") || state.starts_with("58") ||
                     state.starts_with("25") || state == "42P05" || state == "26000" || state == "XX000";
  throw Error(known ? Code::storage : Code::internal,
              fmt::format("cannot {} {}: {} ({}); {}", doing.verb, refusal.where, refusal.said, state, advice(state)));
}

}  // namespace kith::postgres

#endif
