// SPDX-License-Identifier: Apache-2.0
#include <iterator>

#include "interchange/json_text.hpp"
#include "kith/interchange/importer.hpp"

namespace kith {

std::string_view name_of(ImportNoticeKind kind) {
  constexpr std::string_view kNames[] = {"alias",         "blank",          "folded",
                                         "header_folded", "column_ignored", "column_unknown"};
  const auto place = static_cast<std::size_t>(kind) - 1;
  return place < std::size(kNames) ? kNames[place] : "unknown";
}

std::string to_json(const ImportReport& report) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.key("dry_run").boolean(report.dry_run).key("committed").boolean(report.committed);
  json.key("broken_off").boolean(report.broken_off);
  json.key("encoding").begin_object().key("name").text(name_of(report.encoding.encoding));
  json.key("given").boolean(report.encoding.given).key("mark").boolean(report.encoding.mark);
  json.key("why").text(report.encoding.why).end_object();
  json.key("rows").number(report.rows).key("created").number(report.created);
  json.key("updated").number(report.updated).key("unchanged").number(report.unchanged);
  json.key("rejected").number(report.rejected).key("blank_rows").number(report.blank_rows);
  json.key("first_seq").number(report.first_seq).key("last_seq").number(report.last_seq);
  json.key("problem_count").number(report.problem_count);
  json.key("problems").begin_array();
  for (const ImportProblem& problem : report.problems) {
    json.begin_object().key("line").number(problem.line).key("column").text(problem.column);
    json.key("field").text(problem.field).key("value").text(problem.value);
    json.key("reason").text(problem.reason).key("code").text(name_of(problem.code)).end_object();
  }
  json.end_array().key("notices").begin_array();
  for (const ImportNotice& notice : report.notices) {
    json.begin_object().key("kind").text(name_of(notice.kind)).key("column").text(notice.column);
    json.key("field").text(notice.field).key("value").text(notice.value);
    json.key("used").text(notice.used).key("count").number(notice.count).end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace kith
