// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/payout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/json.hpp"
#include "base/quote.hpp"
#include "engine/internal.hpp"
#include "incentive/as_of.hpp"
#include "incentive/correction_reasons.hpp"
#include "incentive/document_results.hpp"
#include "incentive/general_facts.hpp"
#include "incentive/payout_pay.hpp"
#include "incentive/payout_scene.hpp"
#include "incentive/statement_export.hpp"
#include "incentive/statement_pay.hpp"
#include "incentive/statement_run.hpp"
#include "kith/incentive/trace_text.hpp"
#include "kith/sales/opportunity.hpp"

namespace kith::incentive {
namespace {

struct Words {
  std::string_view heading, closed, open, corrections, line, before, total, nothing, newer, corrects, nowhere;
};
constexpr Words kEnglish = {"Statement of {} for {}: {}\n",
                            "as it was closed in work {}\n",
                            "open, as of work {}\n",
                            "Corrections of {}\n",
                            "{} by {}: {} ({})\n",
                            "  posted before: {}; should be: {}; difference: {}\n",
                            "Total: {}\n",
                            "  the fact no longer counts\n",
                            "{} facts came after this run; run it again\n",
                            "  corrects line {} of the statement of {} ({})\n",
                            "  that period had no line for it\n"};
constexpr Words kChinese = {"{} 的 {} 提成结算单：{}\n",
                            "以第 {} 次提交关账时的事实为准\n",
                            "未关账，以第 {} 次提交为准\n",
                            "{} 的更正\n",
                            "{} 按 {}：{}（{}）\n",
                            "  此前已记 {}；应为 {}；差额 {}\n",
                            "合计：{}\n",
                            "  该事实不再计入\n",
                            "此次计算之后有 {} 项新事实；请重新计算\n",
                            "  更正 {1} 结算单（{2}）的第 {0} 行\n",
                            "  该期间原无此行\n"};

const Words& words_of(std::string_view language) {
  if (language == "en") return kEnglish;
  if (language == "zh") return kChinese;
  throw Error(Code::invalid, "statement", "language", fmt::format("{} is none of en, zh, steps.", quote(language)));
}

Language language_named(std::string_view language) { return language == "zh" ? Language::chinese : Language::english; }

bool general_line(const StatementLine& line) { return line.basis.has_value(); }

std::string fact_name(const Scene& scene, const StatementLine& line) {
  if (!general_line(line)) {
    const auto deal = scene.system().find<Opportunity>(line.opportunity);
    return deal ? fmt::format("{} ({})", deal->title, line.opportunity.value) : std::to_string(line.opportunity.value);
  }
  if (!line.event) return line.component;
  const auto event = scene.system().find<BusinessEvent>(*line.event);
  return event ? event->source + ":" + event->external_id : std::to_string(line.event->value);
}

/// What all lines up to a statement's period say of one fact, component and period earned, but for the line itself.
std::int64_t posted_before(const Scene& scene, const StatementLine& line) {
  const Reader& system = scene.system();
  std::int64_t sum = 0;
  for (const StatementLine& other :
       system.list<StatementLine>({.conditions = {equals(kStatementLine, "opportunity", line.opportunity),
                                                  equals(kStatementLine, "period_earned", line.period_earned),
                                                  equals(kStatementLine, "component", line.component)}})) {
    if (other.id == line.id) continue;
    const Statement statement = system.get<Statement>(other.statement);
    if (statement.employee != scene.statement().employee) continue;
    if (period_from(system.get<CommissionPeriod>(statement.period)).from > scene.period().from) continue;
    sum = checked_add(sum, other.amount.minor, "posted commission");
  }
  return sum;
}

std::string component_text(const Scene& scene, const Period& period, const std::string& component,
                           std::string_view language) {
  const PlanVersion* version = scene.version(period);
  if (version == nullptr) return std::string(words_of(language).nothing);
  const std::vector<std::string> parts = general::explained_parts(version->document->model());
  if (std::find(parts.begin(), parts.end(), component) == parts.end()) return {};
  const general::Called called = [&](const std::string& person) { return scene.name_of(person); };
  return general::explain_as(*version->document, scene.inputs(period), scene.person(), called, component, period.label,
                             language);
}

/// How many of the facts behind two computations are not the same; what was changed counts once.
std::size_t differing_facts(const Inputs& then, const Inputs& now) {
  const Json before = Json::parse(canonical_json(then));
  const Json after = Json::parse(canonical_json(now));
  const auto differing = [&](const char* kind) {
    std::multiset<std::string> old, fresh;
    for (const auto& row : before.value(kind, Json::array())) old.insert(row.dump());
    for (const auto& row : after.value(kind, Json::array())) fresh.insert(row.dump());
    std::vector<std::string> gone, added;
    std::set_difference(old.begin(), old.end(), fresh.begin(), fresh.end(), std::back_inserter(gone));
    std::set_difference(fresh.begin(), fresh.end(), old.begin(), old.end(), std::back_inserter(added));
    return std::max(gone.size(), added.size());
  };
  std::size_t count = 0;
  for (const char* kind : {"events", "values", "hierarchy", "people", "members"}) count += differing(kind);
  return count == 0 ? differing("rates") : count;  // a new event brings the rate of its day along
}

/// Amounts by component and fact, but for those of nothing.
using Amounts = std::map<std::tuple<std::string, Id>, std::int64_t>;

Amounts earned(const Scene& scene) {
  Amounts amounts;
  for (const Earning& earning : scene.earnings(scene.period())) amounts[{earning.name, earning.fact}] += earning.amount;
  std::erase_if(amounts, [](const auto& one) { return one.second == 0; });
  return amounts;
}

/// Whether the period would be paid otherwise now. What cannot be computed yet (an event without a rate) is otherwise.
bool pays_otherwise(const Scene& then, const Scene& now) {
  const Amounts stated = earned(then);
  try {
    return earned(now) != stated;
  } catch (const Error&) {
    return true;
  }
}

/// Whether the work that computed a statement brought facts of its period after that.
bool overtaken(const Scene& scene) {
  Amounts posted;
  for (const StatementLine& line : scene.lines()) {
    if (line.kind == LineKind::earning && general_line(line)) {
      posted[{line.component, line.opportunity}] += line.amount.minor;
    }
  }
  std::erase_if(posted, [](const auto& one) { return one.second == 0; });
  return posted != earned(scene);
}

/// What came to an open statement's own period since it was computed, if it matters.
std::size_t newer_facts(const Reader& reader, const Scene& scene) {
  if (scene.closed()) return 0;
  const Scene now(reader, scene.statement().id, Seen::newest);
  const PlanVersion* before = scene.version(scene.period());
  const PlanVersion* after = now.version(scene.period());
  if (before == nullptr && after == nullptr) return 0;
  if (before == nullptr || after == nullptr) return 1;
  const std::size_t other_plan = before->row.id == after->row.id ? 0 : 1;
  const std::size_t count = other_plan + differing_facts(scene.inputs(scene.period()), now.inputs(scene.period()));
  if (count != 0 && pays_otherwise(scene, now)) return count;
  return overtaken(scene) ? 1 : 0;
}

/// The line that an adjustment corrects.
std::string corrected_text(const Scene& scene, const StatementLine& line, std::string_view language) {
  const Words& words = words_of(language);
  const auto corrected = line.corrects ? scene.system().find<StatementLine>(*line.corrects) : std::nullopt;
  if (!corrected) return std::string(words.nowhere);
  const Statement of = scene.system().get<Statement>(corrected->statement);
  const CommissionPeriod period = scene.system().get<CommissionPeriod>(of.period);
  return fmt::format(fmt::runtime(words.corrects), corrected->position, period.label, of.id.value);
}

std::string adjustment_text(const Scene& scene, const StatementLine& line, std::string_view language) {
  const Words& words = words_of(language);
  const std::int64_t before = posted_before(scene, line);
  const std::int64_t after = checked_add(before, line.amount.minor, "corrected commission");
  return corrected_text(scene, line, language) + fmt::format(fmt::runtime(words.before), scene.money(before),
                                                             scene.money(after), scene.money(line.amount.minor));
}

std::string line_heading(const Scene& scene, const StatementLine& line, const Words& words) {
  return fmt::format(fmt::runtime(words.line), fact_name(scene, line), line.component, scene.money(line.amount.minor),
                     line.reason ? reason_in(*line.reason, &words == &kChinese) : line.period_earned);
}

/// The corrections that a statement holds, by the period they correct.
std::string corrections_text(const Scene& scene, std::string_view language) {
  const Words& words = words_of(language);
  std::string text, label;
  for (const StatementLine& line : scene.lines()) {
    if (line.kind != LineKind::adjustment) continue;
    if (line.period_earned != label) text += fmt::format(fmt::runtime(words.corrections), line.period_earned);
    label = line.period_earned;
    text += line_heading(scene, line, words) + adjustment_text(scene, line, language);
  }
  return text;
}

std::string statement_heading(const Reader& reader, const Scene& scene, std::string_view language) {
  const Words& words = words_of(language);
  std::string text = fmt::format(fmt::runtime(words.heading), scene.name(), scene.period().label,
                                 scene.money(scene.statement().total.minor));
  text += fmt::format(fmt::runtime(scene.closed() ? words.closed : words.open), scene.seq());
  const std::size_t newer = newer_facts(reader, scene);
  return newer == 0 ? text : text + fmt::format(fmt::runtime(words.newer), newer);
}

}  // namespace

namespace {

Json correction_json(const Scene& scene, const StatementLine& line);

/// The steps to one component of a period, or null where nobody's plan pays for it any more.
Json component_steps(const Scene& scene, const Period& period, const std::string& component) {
  const std::string told = scene.version(period) == nullptr ? "" : component_text(scene, period, component, "steps");
  return told.empty() ? Json() : Json::parse(told);
}

/// An adjustment as data, with the steps to what it should be.
Json correction_steps(const Scene& scene, const StatementLine& line) {
  Json one = correction_json(scene, line);
  if (general_line(line)) one["steps_to"] = component_steps(scene, scene.named(line.period_earned), line.component);
  return one;
}

/// All that the text of a statement says, as data.
std::string statement_steps(const Scene& scene) {
  const std::string total = to_string(Money{scene.statement().total.minor, scene.statement().currency});
  Json root = {{"format", "kith.steps/1"}, {"person", scene.person()},    {"period", scene.period().label},
               {"total", total},           {"components", Json::array()}, {"corrections", Json::array()}};
  if (const PlanVersion* version = scene.version(scene.period())) {
    for (const std::string& part : general::explained_parts(version->document->model())) {
      root["components"].push_back(component_steps(scene, scene.period(), part));
    }
  }
  for (const StatementLine& line : scene.lines()) {
    if (line.kind == LineKind::adjustment) root["corrections"].push_back(correction_steps(scene, line));
  }
  return root.dump();
}

}  // namespace

std::string explain_line_text(const Reader& reader, Id line, std::string_view language) {
  if (language == "steps") {
    const StatementLine row = reader.get<StatementLine>(line);
    if (!general_line(row)) return explain_line_json(reader, line);
    const Scene scene(reader, row.statement);
    if (row.kind == LineKind::adjustment) return correction_steps(scene, row).dump();
    return component_steps(scene, scene.named(row.period_earned), row.component).dump();
  }
  const Words& words = words_of(language);
  const StatementLine row = reader.get<StatementLine>(line);
  const bool adjusts = row.kind == LineKind::adjustment;
  if (!general_line(row) && !adjusts) return to_text(explain_line(reader, line), language_named(language));
  const Scene scene(reader, row.statement);
  std::string text = line_heading(scene, row, words);
  if (adjusts) text += adjustment_text(scene, row, language);
  if (!general_line(row)) return text + to_text(explain_line(reader, line), language_named(language));
  return text + component_text(scene, scene.named(row.period_earned), row.component, language);
}

namespace {

/// A statement of won deals: the trace of its own lines, if it has any, then what it corrects.
std::string deals_text(const Reader& reader, const Scene& scene, std::string_view language) {
  const auto adjusts = [](const StatementLine& line) { return line.kind == LineKind::adjustment; };
  const auto& lines = scene.lines();
  const std::string total =
      fmt::format(fmt::runtime(words_of(language).total), scene.money(scene.statement().total.minor));
  if (std::all_of(lines.begin(), lines.end(), adjusts)) {
    return statement_heading(reader, scene, language) + corrections_text(scene, language) + total;
  }
  const std::string own = to_text(explain_statement(reader, scene.statement().id), language_named(language));
  if (std::none_of(lines.begin(), lines.end(), adjusts)) return own;
  return own + corrections_text(scene, language) + total;
}

}  // namespace

std::string explain_statement_text(const Reader& reader, Id statement, std::string_view language) {
  const Words& words = words_of(language == "steps" ? "en" : language);
  const Scene scene(reader, statement);
  const auto& lines = scene.lines();
  if (!lines.empty() && std::none_of(lines.begin(), lines.end(), general_line)) {
    if (language == "steps") return explain_statement_json(reader, statement);
    return deals_text(reader, scene, language);
  }
  if (language == "steps") return statement_steps(scene);
  std::string text = statement_heading(reader, scene, language);
  if (const PlanVersion* version = scene.version(scene.period())) {
    for (const std::string& part : general::explained_parts(version->document->model())) {
      text += component_text(scene, scene.period(), part, language);
    }
  }
  return text + corrections_text(scene, language) +
         fmt::format(fmt::runtime(words.total), scene.money(scene.statement().total.minor)) +
         payment_text(reader, scene.statement(), scene.period().label, language == "zh");
}

namespace {

/// The statement as it is stored, with what its lines name.
ToldStatement told(const Reader& reader, const Scene& scene) {
  const Statement& row = scene.statement();
  ToldStatement all{row, scene.period().label, "", {}, releases_of(reader, row.id), payment_of(reader, row.id)};
  for (const Statement& before : statements_before(scene.system(), row, false)) {
    if (before.status == PeriodStatus::closed) all.previous = before.hash.value_or("");
  }
  for (const StatementLine& line : scene.lines()) {
    ToldLine& one = all.lines.emplace_back();
    one.row = line;
    if (line.event) one.event = fact_name(scene, line);
    if (line.kind == LineKind::adjustment) one.before = posted_before(scene, line);
  }
  return all;
}

}  // namespace

std::string export_statement(const Reader& reader, Id statement) {
  const Scene scene(reader, statement);
  const PlanVersion* version = scene.version(scene.period());
  const bool general = std::any_of(scene.lines().begin(), scene.lines().end(), general_line);
  if (version == nullptr && !general && !payment_of(reader, statement)) {
    throw Error(Code::state, "statement", "",
                "it is of no general plan; a statement of won deals is explained as a whole instead");
  }
  const auto computed = [&](const PlanVersion& plan, const Period& period) {
    Json one = Json::parse(export_commission(*plan.document, scene.inputs(period)));
    one.erase("sha256");
    return one;
  };
  Json root = {{"format", "kith.commission/1"}};
  if (version != nullptr) root = computed(*version, scene.period());
  std::set<std::string> labels;  // of corrected periods
  for (const StatementLine& line : scene.lines()) {
    if (general_line(line) && line.period_earned != scene.period().label) labels.insert(line.period_earned);
  }
  for (const std::string& label : labels) {
    const Period period = scene.named(label);
    if (scene.version(period) == nullptr) continue;
    Json one = computed(*scene.version(period), period);
    one.erase("format");
    one["period"] = label;
    root["corrected"].push_back(std::move(one));
  }
  root["statement"] = json_of(told(reader, scene));
  root["sha256"] = digest_of(root);
  return root.dump();
}

namespace {

/// What an adjustment corrects, and why, as data.
Json correction_json(const Scene& scene, const StatementLine& line) {
  const auto text = [&](std::int64_t minor) { return to_string(Money{minor, scene.statement().currency}); };
  const std::int64_t before = posted_before(scene, line);
  Json one = {
      {"line", std::to_string(line.id.value)},
      {"component", line.component},
      {"fact", std::to_string(line.opportunity.value)},
      {"period_earned", line.period_earned},
      {"reason", line.reason.value_or("")},
      {"posted_before", text(before)},
      {"should_be", text(checked_add(before, line.amount.minor, "corrected commission"))},
      {"difference", text(line.amount.minor)},
      {"corrects", nullptr},
  };
  const auto corrected = line.corrects ? scene.system().find<StatementLine>(*line.corrects) : std::nullopt;
  if (corrected) {
    one["corrects"] = {{"line", std::to_string(corrected->id.value)},
                       {"position", std::to_string(corrected->position)},
                       {"statement", std::to_string(corrected->statement.value)}};
  }
  return one;
}

/// The trace of what was earned, and beside it each correction with the trace of what it should be.
std::string deals_json(const Reader& reader, Id statement, const std::vector<StatementLine>& lines) {
  Json document = Json::parse(canonical_json(explain_statement(reader, statement)));
  std::optional<Scene> scene;
  for (const StatementLine& line : lines) {
    if (line.kind != LineKind::adjustment) continue;
    if (!scene) scene.emplace(reader, statement);
    Json one = correction_json(*scene, line);
    one["trace"] = Json::parse(canonical_json(explain_line(reader, line.id)));
    document["corrections"].push_back(std::move(one));
  }
  return document.dump();
}

}  // namespace

std::string explain_statement_json(const Reader& reader, Id statement) {
  const std::vector<StatementLine> lines = lines_of(reader, statement);
  if (std::any_of(lines.begin(), lines.end(), general_line)) return export_statement(reader, statement);
  if (lines.empty()) {  // the plan of the period tells what the lines cannot
    const Scene scene(reader, statement);
    if (scene.version(scene.period()) != nullptr || payment_of(reader, statement)) {
      return export_statement(reader, statement);
    }
  }
  return deals_json(reader, statement, lines);
}

std::string explain_line_json(const Reader& reader, Id line) {
  const StatementLine row = reader.get<StatementLine>(line);
  const auto trace = [&] { return canonical_json(explain_line(reader, line)); };
  if (!general_line(row) && row.kind != LineKind::adjustment) return trace();
  const Scene scene(reader, row.statement);
  if (!general_line(row)) {
    Json document = Json::parse(trace());
    document["correction"] = correction_json(scene, row);
    return document.dump();
  }
  const Period period = scene.named(row.period_earned);
  const PlanVersion* version = scene.version(period);
  if (version == nullptr) {
    throw Error(Code::state, "statement_line", "",
                "nobody's plan pays for its period any more; it takes back a payment");
  }
  return export_commission(*version->document, scene.inputs(period));
}

namespace {

using FactKey = std::tuple<std::string, Id>;  // component, fact

/// What lines say of facts of a period, against what computing them gives.
void compare(const Scene& scene, const std::string& label, const std::map<FactKey, std::int64_t>& stated,
             std::vector<Violation>& faults) {
  std::map<FactKey, std::int64_t> computed;
  for (const Earning& earning : scene.earnings(scene.named(label))) {
    computed[{earning.name, earning.fact}] += earning.amount;
  }
  const auto differs = [&](const FactKey& key, std::int64_t says, std::int64_t is) {
    faults.push_back({"statement_line", fmt::format("{}[{}].{}", label, std::get<1>(key).value, std::get<0>(key)),
                      fmt::format("It says {}; computed again it is {}.", scene.money(says), scene.money(is))});
  };
  for (const auto& [key, says] : stated) {
    const auto found = computed.find(key);
    const std::int64_t is = found == computed.end() ? 0 : found->second;
    if (says != is) differs(key, says, is);
    if (found != computed.end()) computed.erase(found);
  }
  for (const auto& [key, is] : computed) {
    if (is != 0) differs(key, 0, is);
  }
}

}  // namespace

std::vector<Violation> recheck_statement(const Reader& reader, Id statement) {
  const Scene scene(reader, statement);
  std::map<std::string, std::map<FactKey, std::int64_t>> stated;  // by period earned
  stated[scene.period().label];
  std::int64_t sum = 0;
  for (const StatementLine& line : scene.lines()) {
    sum = checked_add(sum, line.amount.minor, "total of a statement");
    if (!general_line(line)) continue;
    std::int64_t& says = stated[line.period_earned][{line.component, line.opportunity}];
    says = line.amount.minor;
    if (line.kind == LineKind::adjustment) says = checked_add(says, posted_before(scene, line), "posted commission");
  }
  std::vector<Violation> faults;
  if (sum != scene.statement().total.minor) {
    faults.push_back({"statement", "total",
                      fmt::format("It says {}; its lines sum to {}.", scene.money(scene.statement().total.minor),
                                  scene.money(sum))});
  }
  for (const auto& [label, facts] : stated) {
    // Of an earlier period only what was corrected is compared: its own statement answers for the rest.
    if (label == scene.period().label) {
      compare(scene, label, facts, faults);
      continue;
    }
    std::map<FactKey, std::int64_t> computed;
    for (const Earning& earning : scene.earnings(scene.named(label))) {
      computed[{earning.name, earning.fact}] += earning.amount;
    }
    for (const auto& [key, says] : facts) {
      const auto found = computed.find(key);
      const std::int64_t is = found == computed.end() ? 0 : found->second;
      if (says == is) continue;
      faults.push_back({"statement_line", fmt::format("{}[{}].{}", label, std::get<1>(key).value, std::get<0>(key)),
                        fmt::format("It says {}; computed again it is {}.", scene.money(says), scene.money(is))});
    }
  }
  recheck_payment(scene.system(), scene.statement(), scene.period(), scene.facts(), scene.version(scene.period()),
                  faults);
  return faults;
}

}  // namespace kith::incentive
