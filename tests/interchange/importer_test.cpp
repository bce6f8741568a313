// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/importer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "support/expect_error.hpp"

namespace kith {
namespace import_test {

enum class Size : std::int32_t { small = 1, large = 2 };

struct Agent {
  Id id;
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name;
};

struct Firm {
  Id id;
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name;
  std::optional<Id> agent;
  std::optional<Id> parent;
  Size size = Size::small;
  std::optional<Amount> budget;
  Currency currency;
  std::optional<Decimal> share;
  std::optional<Date> founded;
  std::optional<std::string> note;
  std::string name_key;
  std::optional<std::string> source;
  std::optional<std::string> external_id;
};

}  // namespace import_test

template <>
struct Choices<import_test::Size> {
  static constexpr std::string_view names[] = {"small", "large"};
};

namespace import_test {

constexpr auto kAgentFields = field_table<Agent>(field<&Agent::name>("name", {.required = true}));
constexpr auto kFirmFields = field_table<Firm>(
    field<&Firm::name>("name", {.required = true, .max_length = 40}),
    field<&Firm::agent>("agent", {.refers_to = "agent"}), field<&Firm::parent>("parent", {.refers_to = "firm"}),
    field<&Firm::size>("size"), field<&Firm::budget>("budget"), field<&Firm::currency>("currency"),
    field<&Firm::share>("share", {.scale = 4}), field<&Firm::founded>("founded"), field<&Firm::note>("note"),
    field<&Firm::name_key>("name_key", {.kept = true}), field<&Firm::source>("source"),
    field<&Firm::external_id>("external_id"));
constexpr UniqueKey kFirmKeys[] = {{{"source", "external_id"}}};
constexpr Entity kAgent = make_entity<Agent>({.name = "agent", .plural = "agents", .fields = kAgentFields});
constexpr Entity kFirm = make_entity<Firm>(
    {.name = "firm", .plural = "firms", .fields = kFirmFields, .unique = kFirmKeys, .roles = {.currency = "currency"}});

}  // namespace import_test

template <>
const Entity& entity_of<import_test::Agent>() {
  return import_test::kAgent;
}
template <>
const Entity& entity_of<import_test::Firm>() {
  return import_test::kFirm;
}

namespace import_test {

/// Calls of the firm's verbs, to see how rows were written.
struct Calls {
  int create = 0;
  int create_batch = 0;
  int update = 0;
};
Calls calls;

void check(const Firm& firm) {
  std::vector<Violation> violations;
  if (firm.name == "Bad") violations.push_back({"firm", "name", "is a name that nobody may have"});
  if (firm.name == "Bad" && !firm.note) violations.push_back({"firm", "note", "is needed for that name"});
  if (!violations.empty()) throw Error(std::move(violations));
}

Id create_firm(Work& work, void* record) {
  ++calls.create;
  auto& firm = *static_cast<Firm*>(record);
  check(firm);
  if (!firm.currency) firm.currency = work.currency();
  firm.name_key = "key of " + firm.name;
  return work.create(firm);
}

void create_firms(Work& work, Batch& batch) {
  ++calls.create_batch;
  Batch complete(kFirm);
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    Firm firm;
    load_row(batch, row, &firm);
    check(firm);
    if (!firm.currency) firm.currency = work.currency();
    firm.name_key = "key of " + firm.name;
    store_row(&firm, complete);
  }
  work.create_batch(kFirm, complete);
  batch = std::move(complete);
}

void update_firm(Work& work, void* record) {
  ++calls.update;
  auto& firm = *static_cast<Firm*>(record);
  check(firm);
  firm.name_key = "key of " + firm.name;
  work.update(firm);
}

Id create_agent(Work& work, void* record) { return work.create(*static_cast<Agent*>(record)); }

constexpr const Entity* kEntities[] = {&kAgent, &kFirm};
constexpr RecordVerbs kSingle[] = {{.entity = "agent", .create = create_agent},
                                   {.entity = "firm", .create = create_firm, .update = update_firm}};
constexpr RecordVerbs kBulk[] = {
    {.entity = "agent", .create = create_agent},
    {.entity = "firm", .create = create_firm, .update = update_firm, .create_batch = create_firms}};
constexpr Area kSingleArea{.name = "firms", .entities = kEntities, .verbs = kSingle};
constexpr Area kBulkArea{.name = "firms", .entities = kEntities, .verbs = kBulk};

constexpr std::string_view kMapping = R"({
  "format": "kith.import/1", "entity": "firm", "source": "crm", "key": "id",
  "columns": {
    "name": "name",
    "agent": {"field": "agent", "lookup": {"entity": "agent"}, "aliases": "people"},
    "parent": {"field": "parent", "lookup": {"entity": "firm"}},
    "size": {"field": "size", "values": {"S": "small", "L": "large", "?": null}},
    "budget": "budget", "founded": "founded", "note": "note"
  },
  "on_blank": {"size": "keep"},
  "aliases": {"people": {"Jon Snwo": "Jon Snow"}}
})";
constexpr std::string_view kHeader = "id,name,agent,parent,size,budget,founded,note\n";

class ImporterTest : public ::testing::TestWithParam<bool> {
 protected:
  ImporterTest()
      : model_(areas()), engine_(Engine::open(open_memory(), model_, options())), session_(engine_->session()) {
    calls = {};
    Work work = session_.work();
    for (const char* name : {"Jon Snow", "Arya Stark", "李 明", "Twin", "Twin"}) {
      Agent agent;
      agent.name = name;
      work.create(agent);
      agents_[name] = agent.id;
    }
    work.commit();
  }

  static Options options() {
    Options options;
    options.currency = "EUR";
    return options;
  }

  std::span<const Area* const> areas() const {
    static constexpr const Area* kSingleAreas[] = {&kSingleArea};
    static constexpr const Area* kBulkAreas[] = {&kBulkArea};
    if (GetParam()) return kBulkAreas;
    return kSingleAreas;
  }

  ImportReport import(const std::string& rows, ImportOptions options = {}, std::string_view mapping = kMapping) {
    return import_text(std::string(kHeader) + rows, std::move(options), mapping);
  }

  ImportReport import_text(const std::string& text, ImportOptions options = {}, std::string_view mapping = kMapping) {
    rejects_.clear();
    options.rejects = [this](std::string_view bytes) { rejects_ += bytes; };
    return import_csv(session_, text_source(text), parse_import_plan(mapping), options);
  }

  std::map<std::string, Firm> firms() {
    std::map<std::string, Firm> result;
    for (Firm& firm : session_.reader().list<Firm>()) result[firm.external_id.value_or(firm.name)] = firm;
    return result;
  }

  Model model_;
  std::shared_ptr<Engine> engine_;
  Session session_;
  std::map<std::string, Id> agents_;
  std::string rejects_;
};

INSTANTIATE_TEST_SUITE_P(Verbs, ImporterTest, ::testing::Bool(),
                         [](const auto& verbs) { return verbs.param ? "Bulk" : "Single"; });

std::map<std::string, std::int64_t> counts(const ImportReport& report) {
  std::map<std::string, std::int64_t> result;
  for (const ImportNotice& notice : report.notices) {
    std::string name = std::string(name_of(notice.kind)) + " " + notice.column;
    if (!notice.value.empty()) name += " " + notice.value;
    if (!notice.used.empty()) name += " -> " + notice.used;
    result[name] = notice.count;
  }
  return result;
}

void expect_sum(const ImportReport& report) {
  EXPECT_EQ(report.rows, report.created + report.updated + report.unchanged + report.rejected + report.blank_rows);
}

TEST_P(ImporterTest, MakesRecordsOfRows) {
  const ImportReport report = import(
      "1,Acme,Jon Snow,,L,1234.50,2001-02-03,\"two\nlines\"\n"
      "2,\"Beta, Inc\",李 明,,,,,\n");
  expect_sum(report);
  EXPECT_EQ(report.created, 2);
  EXPECT_TRUE(report.committed);
  EXPECT_EQ(report.first_seq, report.last_seq);
  EXPECT_EQ(calls.create_batch, GetParam() ? 1 : 0);
  EXPECT_EQ(calls.create, GetParam() ? 0 : 2);
  const auto found = firms();
  const Firm& acme = found.at("1");
  EXPECT_EQ(acme.name, "Acme");
  EXPECT_EQ(acme.name_key, "key of Acme");
  EXPECT_EQ(acme.agent, agents_.at("Jon Snow"));
  EXPECT_EQ(acme.size, Size::large);
  EXPECT_EQ(acme.budget->minor, 123450);
  EXPECT_EQ(acme.founded, date(2001, 2, 3));
  EXPECT_EQ(acme.note, "two\nlines");
  EXPECT_EQ(acme.source, "crm");
  const Firm& beta = found.at("2");
  EXPECT_EQ(beta.name, "Beta, Inc");
  EXPECT_EQ(beta.agent, agents_.at("李 明"));
  EXPECT_EQ(beta.size, Size::small) << "kept: the default of a new record";
  EXPECT_FALSE(beta.budget);
  EXPECT_FALSE(beta.note);
  EXPECT_TRUE(rejects_.empty());
}

TEST_P(ImporterTest, UpdatesWhatDiffersAndLeavesTheRest) {
  const std::string rows = "1,Acme,Jon Snow,,L,10,2001-02-03,x\n2,Beta,,,S,,,\n";
  const std::int64_t seq = import(rows).last_seq;
  calls = {};
  ImportReport report = import(rows);
  EXPECT_EQ(report.unchanged, 2);
  EXPECT_EQ(report.last_seq, 0);
  EXPECT_EQ(session_.reader().seq(), seq) << "an unchanged row writes nothing";
  EXPECT_EQ(calls.create + calls.create_batch + calls.update, 0);

  report = import("1,Acme,,,,11,2001-02-03,\n3,Gamma,,,S,,,\n2,Beta,,,S,,,\n");
  expect_sum(report);
  EXPECT_EQ(std::tuple(report.created, report.updated, report.unchanged), std::tuple(1, 1, 1));
  const Firm acme = firms().at("1");
  EXPECT_EQ(acme.revision, 2);
  EXPECT_FALSE(acme.agent);
  EXPECT_EQ(acme.size, Size::large) << "kept: the value it had";
  EXPECT_EQ(acme.budget->minor, 1100);
  EXPECT_FALSE(acme.note);
  EXPECT_EQ(report.first_seq, seq + 1);
}

TEST_P(ImporterTest, CountsWhatItMended) {
  const ImportReport report = import_text(
      "ID,name,agent,parent,size,budget,founded,note,Mood,reject_line\n"
      "1,Acme,Jon Snwo,,l,,,,good,7\n"
      "2,Beta,jon  SNOW,,L,,,,bad,8\n"
      "3,Gamma,Jon Snwo,,?,,,,,\n"
      ",,,  ,,,,,,\n");
  expect_sum(report);
  EXPECT_EQ(report.blank_rows, 1);
  EXPECT_EQ(counts(report), (std::map<std::string, std::int64_t>{
                                {"header_folded id ID -> id", 1},
                                {"column_unknown Mood", 1},
                                {"alias agent Jon Snwo -> Jon Snow", 2},
                                {"folded agent jon  SNOW -> Jon Snow", 1},
                                {"folded size l -> L", 1},
                                {"blank parent", 3},
                                {"blank budget", 3},
                                {"blank founded", 3},
                                {"blank note", 3},
                            }));
  EXPECT_EQ(report.rejected, 1) << "\"?\" stands for no value, which a size must have";
  EXPECT_EQ(report.problems.at(0).column, "size");
}

TEST_P(ImporterTest, ReportsEveryBadRowAndKeepsTheGoodOnes) {
  const ImportReport report = import(
      "1,Acme,Jon Sno,,XL,12.345,2001-02-30,\n"  // line 2: four faults
      "2,Beta,Twin,,S,,,\n"                      // two agents of that name
      "3,Bad,,,S,,,\n"                           // the verb: two faults
      "4,Delta,,,S,,,fine\n"
      "4,Delta again,,,S,,,\n"
      ",Nokey,,,S,,,\n"
      "7,Short\n"
      "8,\"Quo\"te,,,S,,,\n"
      "9," +
      std::string(41, 'x') +
      ",,,S,,,\n"
      "10,Last,,,S,,,fine\n");
  expect_sum(report);
  EXPECT_EQ(report.rejected, 8);
  EXPECT_EQ(report.created, 2);
  std::vector<std::tuple<std::int64_t, std::string, std::string, std::string>> found;
  for (const ImportProblem& problem : report.problems) {
    found.emplace_back(problem.line, problem.column, problem.field, problem.value);
    EXPECT_FALSE(problem.reason.empty());
  }
  EXPECT_EQ(found, (std::vector<std::tuple<std::int64_t, std::string, std::string, std::string>>{
                       {2, "agent", "agent", "Jon Sno"},
                       {2, "size", "size", "XL"},
                       {2, "budget", "budget", "12.345"},
                       {2, "founded", "founded", "2001-02-30"},
                       {3, "agent", "agent", "Twin"},
                       {4, "name", "name", "Bad"},
                       {4, "note", "note", ""},
                       {6, "id", "external_id", "4"},
                       {7, "id", "external_id", ""},
                       {8, "", "", ""},
                       {9, "name", "", "'Quo'"},
                       {10, "name", "name", std::string(41, 'x')},
                   }));
  EXPECT_EQ(report.problem_count, 12);
  EXPECT_NE(report.problems[0].reason.find("Did you mean Jon Snow"), std::string::npos) << report.problems[0].reason;
  EXPECT_NE(report.problems[4].reason.find("2 agents have the name 'Twin'"), std::string::npos);
  EXPECT_NE(report.problems[7].reason.find("line 5"), std::string::npos) << report.problems[7].reason;
  EXPECT_EQ(firms().size(), 2u);
}

TEST_P(ImporterTest, GivesBackRejectedRowsSoThatTheyCanBeMendedAndImported) {
  import("1,\"Ac\"\"me\",,,XL,,,\"a, b\"\n2,Beta,,,S,,,\n3,Bad,,,S,,,\n4,x\n");
  CsvReader reader(text_source(rejects_));
  EXPECT_EQ(reader.header().at(0), "reject_line");
  EXPECT_EQ(reader.header().at(1), "reject_reason");
  const CsvRecord* record = reader.next();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->fields[0].text, "2");
  EXPECT_EQ(record->fields[1].text.substr(0, 6), "size: ");
  EXPECT_TRUE(record->raw.ends_with(",1,\"Ac\"\"me\",,,XL,,,\"a, b\"")) << record->raw;
  record = reader.next();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->fields[1].text, "name: is a name that nobody may have; note: is needed for that name");
  record = reader.next();
  ASSERT_TRUE(record && record->problem);
  EXPECT_EQ(record->fields[0].text, "5");

  std::string mended = rejects_;
  mended.replace(mended.find(",XL,"), 4, ",L,");
  mended.replace(mended.find(",Bad,"), 5, ",Good,");
  mended.replace(mended.rfind("4,x"), 3, "4,x,,,S,,,");
  const ImportReport report = import_text(mended);
  EXPECT_EQ(report.created, 3);
  EXPECT_EQ(report.rejected, 0);
  EXPECT_FALSE(counts(report).contains("column_unknown reject_line"));
  EXPECT_EQ(firms().at("1").name, "Ac\"me");
}

TEST_P(ImporterTest, ABadRowDoesNotCostItsChunk) {
  std::string rows;
  for (int i = 1; i <= 25; ++i) {
    rows += std::to_string(i) + (i == 13 ? ",Bad,,,S,,,\n" : ",Firm " + std::to_string(i) + ",,,S,,,\n");
  }
  const ImportReport report = import(rows, {.chunk_rows = 10});
  expect_sum(report);
  EXPECT_EQ(report.created, 24);
  EXPECT_EQ(report.rejected, 1);
  EXPECT_EQ(report.last_seq - report.first_seq, 2) << "three chunks are three works";
  EXPECT_EQ(calls.create_batch, GetParam() ? 3 : 0);
  EXPECT_EQ(calls.create, GetParam() ? 10 : 10 + (3 + 10) + 5) << "only the chunk with the bad row is done twice";
}

TEST_P(ImporterTest, RowsWaitForRowsTheyReferTo) {
  const ImportReport report = import(
      "1,Grandchild,,Child,S,,,\n"
      "2,Child,,Top,S,,,\n"
      "3,Top,,,S,,,\n"
      "4,Second,,top,S,,,\n"
      "5,Ring A,,Ring B,S,,,\n"
      "6,Ring B,,Ring A,S,,,\n"
      "7,Orphan,,Topp,S,,,\n",
      {.chunk_rows = 2});
  expect_sum(report);
  EXPECT_EQ(report.created, 4);
  const auto found = firms();
  EXPECT_EQ(found.at("1").parent, found.at("2").id);
  EXPECT_EQ(found.at("2").parent, found.at("3").id);
  EXPECT_EQ(found.at("4").parent, found.at("3").id);
  ASSERT_EQ(report.rejected, 3);
  EXPECT_EQ(report.problems[0].line, 6);
  EXPECT_NE(report.problems[2].reason.find("Did you mean Top"), std::string::npos) << report.problems[2].reason;
  EXPECT_EQ(counts(report).at("folded parent top -> Top"), 1) << "counted once, however often it was tried";
  EXPECT_EQ(counts(report).at("blank agent"), 7);
}

TEST_P(ImporterTest, ADryRunReportsTheSameAndWritesNothing) {
  const std::string rows = "1,Acme,Jon Snwo,,L,,,\n2,Bad,,,S,,,\n3,Child,,Acme,S,,,\n";
  const std::int64_t seq = session_.reader().seq();
  ImportReport dry = import(rows, {.dry_run = true, .chunk_rows = 1});
  EXPECT_FALSE(dry.committed);
  EXPECT_EQ(session_.reader().seq(), seq);
  EXPECT_TRUE(firms().empty());
  ImportReport wet = import(rows, {.chunk_rows = 1});
  dry.dry_run = wet.dry_run;
  dry.committed = wet.committed;
  dry.first_seq = wet.first_seq;
  dry.last_seq = wet.last_seq;
  EXPECT_EQ(to_json(dry), to_json(wet));
}

TEST_P(ImporterTest, AllOrNothing) {
  ImportReport report = import("1,Acme,,,L,,,\n2,Bad,,,S,,,\n3,C,,,S,,,\n", {.all_or_nothing = true, .chunk_rows = 1});
  EXPECT_FALSE(report.committed);
  EXPECT_EQ(report.rejected, 1);
  EXPECT_TRUE(firms().empty());
  report = import("1,Acme,,,L,,,\n3,C,,,S,,,\n", {.all_or_nothing = true, .chunk_rows = 1});
  EXPECT_TRUE(report.committed);
  EXPECT_EQ(report.first_seq, report.last_seq);
  EXPECT_EQ(firms().size(), 2u);
}

TEST_P(ImporterTest, ProgressCanCancel) {
  std::string rows;
  for (int i = 1; i <= 10; ++i) rows += std::to_string(i) + ",Firm,,,S,,,\n";
  const std::int64_t total = static_cast<std::int64_t>(kHeader.size() + rows.size());
  std::vector<std::int64_t> seen;
  const auto until = [&](std::int64_t stop) {
    return [&seen, stop, total](std::int64_t count, std::int64_t bytes, std::int64_t all) {
      seen.push_back(count);
      EXPECT_EQ(all, total);
      EXPECT_LE(bytes, all);
      return count < stop;
    };
  };
  EXPECT_KITH_ERROR(import(rows, {.chunk_rows = 4, .progress = until(8)}), Code::cancelled, "4 records");
  EXPECT_EQ(seen, (std::vector<std::int64_t>{4, 8}));
  EXPECT_EQ(firms().size(), 4u) << "the chunk that was cancelled is gone, the one before stays";
  EXPECT_KITH_ERROR(import(rows, {.all_or_nothing = true, .chunk_rows = 4, .progress = until(10)}), Code::cancelled,
                    "0 records");
  EXPECT_EQ(firms().size(), 4u);
  EXPECT_EQ(import(rows, {.chunk_rows = 4, .progress = until(99)}).created, 6) << "again: it goes on where it stopped";
}

TEST_P(ImporterTest, AFileThatBreaksOffIsReported) {
  const ImportReport report = import("1,Acme,,,L,,,\n2,\"Beta,,,S,,,\n3,C,,,S,,,\n");
  expect_sum(report);
  EXPECT_TRUE(report.broken_off);
  EXPECT_EQ(report.created, 1);
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_EQ(report.problems[0].line, 3);
  EXPECT_EQ(report.problems[0].column, "name");
  EXPECT_FALSE(import("1,Acme,,,L,,,\n2,\"Beta", {.all_or_nothing = true}).committed);
}

TEST_P(ImporterTest, RefusesMappingsThatDoNotFit) {
  const auto mapping = [](const std::string& columns, const std::string& entity = "firm") {
    return R"({"format": "kith.import/1", "entity": ")" + entity + R"(", "columns": {)" + columns + "}}";
  };
  const auto faults_of = [&](const std::string& text, const std::string& document) {
    try {
      import_text(text, {}, document);
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::invalid);
      std::vector<std::string> faults;
      for (const Violation& violation : error.violations) faults.push_back(violation.field + " " + violation.message);
      return faults;
    }
    return std::vector<std::string>{"no error"};
  };
  const auto faults = faults_of("nam,size,size,agent,note,budget\n",
                                mapping(R"("name": "name", "size": "size", "agent": {"field": "agent", "lookup":
                                        {"entity": "agnt"}}, "note": {"field": "note", "aliases": "none"},
                                        "budget": "budgets")"));
  ASSERT_EQ(faults.size(), 5u) << ::testing::PrintToString(faults);
  EXPECT_NE(faults[0].find("columns.name the table has no column 'name'. Did you mean nam"), std::string::npos);
  EXPECT_NE(faults[1].find("2 columns 'size'"), std::string::npos) << faults[1];
  EXPECT_NE(faults[2].find("Did you mean agent"), std::string::npos) << faults[2];
  EXPECT_NE(faults[3].find("'none'"), std::string::npos) << faults[3];
  EXPECT_NE(faults[4].find("Did you mean budget"), std::string::npos) << faults[4];
  EXPECT_NE(faults_of("a\n", mapping(R"("a": "name_key")"))[0].find("kept by Kith"), std::string::npos);
  EXPECT_NE(faults_of("a\n", mapping(R"("a": {"field": "parent", "lookup": {"entity": "agent"}})"))[0].find(
                "refers to firm, not to agent"),
            std::string::npos);
  EXPECT_NE(faults_of("a\n", mapping(R"("a": {"field": "note", "lookup": {"entity": "agent"}})"))[0].find("no record"),
            std::string::npos);
  EXPECT_KITH_ERROR(import_text("a\n", {}, mapping(R"("a": "name")", "frim")), Code::invalid, "firm");
  EXPECT_KITH_ERROR(import_text("a\n", {}, mapping(R"("a": "name")", "principal")), Code::invalid,
                    "cannot be imported");
  EXPECT_KITH_ERROR(import_text("name,name\n", {}, mapping(R"("name": "name")")), Code::invalid, "2 columns");
}

TEST_P(ImporterTest, ReadsAmountsInTheRowsCurrency) {
  constexpr std::string_view kMoney = R"({
    "format": "kith.import/1", "entity": "firm", "source": "crm", "key": "id",
    "columns": {"budget": "budget", "cur": "currency", "name": "name"}, "constants": {"share": "0.25"}})";
  const ImportReport report =
      import_text("id,name,budget,cur\n1,A,1200,JPY\n2,B,12.5,USD\n3,C,12.5,JPY\n4,D,1,\n", {}, kMoney);
  EXPECT_EQ(report.created, 3);
  ASSERT_EQ(report.rejected, 1);
  EXPECT_EQ(report.problems[0].column, "budget");
  const auto found = firms();
  EXPECT_EQ(found.at("1").budget->minor, 1200);
  EXPECT_EQ(found.at("1").currency, currency("JPY"));
  EXPECT_EQ(found.at("2").budget->minor, 1250);
  EXPECT_EQ(found.at("4").currency, currency("EUR"));
  EXPECT_EQ(found.at("1").share, (Decimal{2500, 4}));

  const ImportReport again = import("1,A,,,S,5,,\n");
  ASSERT_EQ(again.rejected, 1) << "a yen record and an amount read as euro";
  EXPECT_EQ(again.problems[0].field, "currency");
}

TEST_P(ImporterTest, WithoutAKeyEveryRowIsNew) {
  constexpr std::string_view kPlain = R"({"format": "kith.import/1", "entity": "firm", "columns": {"name": "name"}})";
  EXPECT_EQ(import_text("name\nA\nA\n", {}, kPlain).created, 2);
  EXPECT_EQ(import_text("name\nA\n", {}, kPlain).created, 1);
  EXPECT_EQ(session_.reader().list<Firm>().size(), 3u);
  EXPECT_FALSE(session_.reader().list<Firm>().front().source);
}

TEST_P(ImporterTest, BlankCellsFollowTheMapping) {
  constexpr std::string_view kRules = R"({
    "format": "kith.import/1", "entity": "firm", "columns": {"name": "name", "note": "note",
    "agent": {"field": "agent", "lookup": {"entity": "agent"}}},
    "on_blank": {"note": {"use": "none given"}, "agent": "reject"}, "quoted_empty": "text"})";
  const ImportReport report =
      import_text("name,agent,note\nA,Jon Snow,\nB,,x\nC,Jon Snow,\"\"\nD,Jon Snow,  \n", {}, kRules);
  EXPECT_EQ(report.created, 3);
  EXPECT_EQ(firms().at("A").note, "none given");
  EXPECT_EQ(firms().at("C").note, "");
  EXPECT_EQ(firms().at("D").note, "none given");
  EXPECT_EQ(report.problems.at(0).line, 3);
  EXPECT_EQ(counts(report).at("blank note -> none given"), 2);
}

TEST_P(ImporterTest, OnlyWhatTheActorMayDo) {
  Work work = session_.work();
  access::add_principal(work, "guest", std::nullopt, {"seller"});
  work.commit();
  Session guest = engine_->session("guest");
  const ImportReport report =
      import_csv(guest, text_source(std::string(kHeader) + "1,Acme,,,S,,,\n"), parse_import_plan(kMapping));
  EXPECT_EQ(report.created, 0);
  ASSERT_EQ(report.rejected, 1);
  EXPECT_EQ(report.problems[0].code, Code::denied);
}

TEST_P(ImporterTest, ReadsWhatASpreadsheetOfEastAsiaWrote) {
  // "编号,名称" and rows, in GBK; the second row has a byte without a meaning.
  constexpr std::string_view kMap = R"({"format": "kith.import/1", "entity": "firm", "source": "crm", "key": "编号",
    "columns": {"名称": "name"}})";
  const std::string text = "\xB1\xE0\xBA\xC5,\xC3\xFB\xB3\xC6\n1,\xBA\xEA\xB4\xEF\n2,\xFF\xFF\n3,\xBB\xFA\xD0\xB5\n";
  ImportReport report = import_text(text, {.chunk_rows = 1, .encoding = Encoding::gb18030}, kMap);
  EXPECT_EQ(report.created, 2);
  ASSERT_EQ(report.rejected, 1);
  EXPECT_EQ(report.problems[0].line, 3);
  EXPECT_EQ(firms().at("1").name, "宏达");
  EXPECT_TRUE(rejects_.starts_with("reject_line,reject_reason,编号,名称\n")) << rejects_;
  EXPECT_NE(to_json(report).find(R"("encoding":{"name":"gb18030","given":true,"mark":false,"why":"it was given"})"),
            std::string::npos);

  report = import_text("\xB1\xE0\xBA\xC5,\xC3\xFB\xB3\xC6\n3,\xBB\xFA\xD0\xB5\n", {}, kMap);  // found out
  EXPECT_EQ(report.encoding.encoding, Encoding::gb18030);
  EXPECT_EQ(report.unchanged, 1);
}

TEST_P(ImporterTest, TheReportIsJson) {
  const ImportReport report = import("1,Acme,Jon Snwo,,XL,,,\n");
  const auto json = nlohmann::json::parse(to_json(report));
  EXPECT_EQ(json.at("rows"), 1);
  EXPECT_EQ(json.at("problems").at(0).at("value"), "XL");
  EXPECT_EQ(json.at("problems").at(0).at("code"), "invalid");
  EXPECT_EQ(json.at("notices").size(), report.notices.size());
}

}  // namespace import_test
}  // namespace kith
