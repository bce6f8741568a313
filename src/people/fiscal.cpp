// SPDX-License-Identifier: Apache-2.0
#include "kith/people/fiscal.hpp"

#include <algorithm>
#include <map>

#include "engine/new_findings.hpp"
#include "engine/verbs.hpp"
#include "people/entities.hpp"

namespace kith {
namespace people {
namespace {

constexpr auto kFiscalCalendarFields = field_table<FiscalCalendar>(
    field<&FiscalCalendar::name>("name", {.required = true, .max_length = 200}), field<&FiscalCalendar::kind>("kind"),
    field<&FiscalCalendar::first_month>("first_month", {.minimum = 1, .maximum = 12}),
    field<&FiscalCalendar::start>("start"),
    field<&FiscalCalendar::first_day>("first_day", {.minimum = 1, .maximum = 28}),
    field<&FiscalCalendar::first_weekday>("first_weekday"),
    field<&FiscalCalendar::long_period>("long_period", {.minimum = 0, .maximum = 13}),
    field<&FiscalCalendar::year_name>("year_name"));

constexpr auto kWorkingCalendarFields =
    field_table<WorkingCalendar>(field<&WorkingCalendar::name>("name", {.required = true, .max_length = 200}),
                                 field<&WorkingCalendar::zone>("zone", {.required = true, .max_length = 100}),
                                 field<&WorkingCalendar::monday>("monday", {.max_length = 200}),
                                 field<&WorkingCalendar::tuesday>("tuesday", {.max_length = 200}),
                                 field<&WorkingCalendar::wednesday>("wednesday", {.max_length = 200}),
                                 field<&WorkingCalendar::thursday>("thursday", {.max_length = 200}),
                                 field<&WorkingCalendar::friday>("friday", {.max_length = 200}),
                                 field<&WorkingCalendar::saturday>("saturday", {.max_length = 200}),
                                 field<&WorkingCalendar::sunday>("sunday", {.max_length = 200}));

constexpr auto kWorkingDayFields = field_table<WorkingDay>(
    field<&WorkingDay::calendar>("calendar", {.required = true, .refers_to = "working_calendar"}),
    field<&WorkingDay::day>("day"), field<&WorkingDay::hours>("hours", {.max_length = 200}),
    field<&WorkingDay::note>("note", {.max_length = 200}));

constexpr UniqueKey kNameKeys[] = {{{"name"}}};
constexpr UniqueKey kDayKeys[] = {{{"calendar", "day"}}};

}  // namespace

constexpr Entity kFiscalCalendar = make_entity<FiscalCalendar>({.name = "fiscal_calendar",
                                                                .plural = "fiscal_calendars",
                                                                .fields = kFiscalCalendarFields,
                                                                .unique = kNameKeys,
                                                                .roles = {.title = "name"}});
constexpr Entity kWorkingCalendar = make_entity<WorkingCalendar>({.name = "working_calendar",
                                                                  .plural = "working_calendars",
                                                                  .fields = kWorkingCalendarFields,
                                                                  .unique = kNameKeys,
                                                                  .roles = {.title = "name"}});
constexpr Entity kWorkingDay = make_entity<WorkingDay>({.name = "working_day",
                                                        .plural = "working_days",
                                                        .fields = kWorkingDayFields,
                                                        .unique = kDayKeys,
                                                        .roles = {.parent = "calendar"}});

namespace {

Calendar value_of(const FiscalCalendar& row) {
  Calendar calendar;
  calendar.name = row.name;
  calendar.first_month = static_cast<int>(row.first_month);
  calendar.kind = row.kind;
  calendar.start = row.start;
  calendar.first_day = static_cast<int>(row.first_day);
  calendar.first_weekday = static_cast<int>(row.first_weekday) - 1;
  calendar.long_period = static_cast<int>(row.long_period);
  calendar.year_name = row.year_name;
  return calendar;
}

void check_value(const Calendar& calendar, verb::Faults& faults) {
  if (calendar.name.find('/') != std::string::npos) faults.add("name", "has a '/'; name it without");
  try {
    check(calendar);
  } catch (const Error& error) {
    faults.add(error.field, error.message);
  }
}

/// True for a period that the calendar has, and has there.
bool has(const Calendar& calendar, const std::string& period, std::int64_t from, std::int64_t to) {
  try {
    const Period now = parse_period(calendar, period);
    return now.from.days == from && now.to.days == to;
  } catch (const Error& error) {
    if (error.code != Code::invalid && error.code != Code::overflow) throw;
    return false;
  }
}

/// The field by which records name a period of the calendar in their text field `calendar`, with its bounds beside it;
/// "" for other entities. The periods that are named so are frozen.
std::string_view period_field(const Entity& entity) {
  const int field = entity.find("calendar");
  if (field < 0 || entity.fields[static_cast<std::size_t>(field)].type != Type::text) return {};
  if (entity.find("from") < 0 || entity.find("to") < 0) return {};
  const std::string_view label = entity.find("period") >= 0 ? "period" : "label";
  return entity.find(label) >= 0 ? label : std::string_view();
}

/// Throws for the first row of that entity that names a period which the calendar has no longer, or has elsewhere.
void require_unmoved(const Reader& system, const Entity& entity, std::string_view label, const Calendar& calendar) {
  Query query;
  query.conditions = {equals(entity, "calendar", calendar.name)};
  query.fields = {"id", std::string(label), "from", "to"};
  auto rows = system.scan(entity, query);
  for (Batch batch; rows->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const std::string period(batch.columns[1].text(row));
      if (has(calendar, period, batch.columns[2].word(row), batch.columns[3].word(row))) continue;
      throw Error(Code::state, "fiscal_calendar", "name",
                  "period " + period + " of calendar '" + calendar.name + "' is frozen: " + std::string(entity.name) +
                      " " + std::to_string(batch.columns[0].word(row)) +
                      " refers to it, and this change would move it; make another calendar for what comes");
    }
  }
}

/// Every record that names a period by calendar and label keeps its bounds; those are the frozen periods.
void require_frozen(const Work& work, const Calendar& calendar) {
  const Reader system = work.as_system("calendars");
  for (const Entity* entity : work.model().entities()) {
    if (const auto label = period_field(*entity); !label.empty()) require_unmoved(system, *entity, label, calendar);
  }
}

}  // namespace

void check_calendars(const Reader& reader, std::vector<Finding>& findings) {
  std::map<std::string, Calendar, std::less<>> calendars{{Calendar{}.name, {}}};
  for (const FiscalCalendar& row : reader.list<FiscalCalendar>()) calendars[row.name] = value_of(row);
  for (const Entity* entity : reader.model().entities()) {
    const std::string_view label = period_field(*entity);
    if (label.empty()) continue;
    auto rows = reader.scan(*entity, {.fields = {"id", "calendar", std::string(label), "from", "to"}});
    for (Batch batch; rows->next(batch);) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        const Id id{batch.columns[0].word(row)};
        const std::string name(batch.columns[1].text(row)), period(batch.columns[2].text(row));
        const auto found = calendars.find(name);
        if (found == calendars.end()) {
          findings.push_back({std::string(entity->name), id, "there must be its calendar '" + name + "'"});
        } else if (!has(found->second, period, batch.columns[3].word(row), batch.columns[4].word(row))) {
          findings.push_back(
              {std::string(entity->name), id,
               "its period " + period + " must lie where calendar '" + name + "' has it, which is elsewhere"});
        }
      }
    }
  }
}

Id set_calendar(Work& work, FiscalCalendar& calendar) {
  work.require(Action::administer, kFiscalCalendar);
  FiscalCalendar row = calendar;
  const bool fresh = row.revision == 0;
  if (!fresh) {
    const FiscalCalendar before = verb::before_update(work, row);
    if (before.name != row.name) {
      throw Error(Code::state, "fiscal_calendar", "name",
                  "plans and quotas know calendar '" + before.name + "' by its name; make another calendar");
    }
  }
  verb::Faults faults(kFiscalCalendar);
  check_value(value_of(row), faults);
  faults.raise();
  require_frozen(work, value_of(row));
  const auto fault = fault_of_change(work, "calendars", [&] {
    calendar = row;
    work.trusted([&] { fresh ? static_cast<void>(work.create(calendar)) : work.update(calendar); });
  });
  if (!fault) return calendar.id;
  calendar = std::move(row);
  throw Error(Code::state, "fiscal_calendar", "name",
              fault->entity + " " + std::to_string(fault->id.value) + " stands on calendar '" + calendar.name +
                  "' as it is: " + fault->message + "; make another calendar for what comes");
}

Calendar calendar_named(const Reader& reader, std::string_view name) {
  const Reader system = reader.as_system("calendars");
  std::vector<std::string> names{Calendar{}.name};
  for (const FiscalCalendar& row : system.list<FiscalCalendar>({.order = {"name"}})) {
    if (row.name == name) return value_of(row);
    names.push_back(row.name);
  }
  if (name == names.front()) return {};
  const std::vector<std::string_view> known(names.begin(), names.end());
  throw Error(Code::invalid, "calendar", "name",
              "there is no calendar '" + std::string(name) + "'." + suggest(name, known));
}

namespace {

constexpr std::optional<std::string> WorkingCalendar::*kWeek[] = {
    &WorkingCalendar::monday, &WorkingCalendar::tuesday,  &WorkingCalendar::wednesday, &WorkingCalendar::thursday,
    &WorkingCalendar::friday, &WorkingCalendar::saturday, &WorkingCalendar::sunday};

/// Reads the hours and writes them back in one form; a fault says what is wrong with them.
std::optional<std::string> tidied(const std::optional<std::string>& text, std::string_view field,
                                  verb::Faults& faults) {
  if (!text) return text;
  try {
    const std::vector<WorkingSpan> spans = parse_spans(*text);
    return spans.empty() ? std::nullopt : std::optional<std::string>(to_string(spans));
  } catch (const Error& error) {
    faults.add(field, error.message);
    return text;
  }
}

}  // namespace

Id set_working_calendar(Work& work, WorkingCalendar& calendar) {
  work.require(Action::administer, kWorkingCalendar);
  WorkingCalendar row = calendar;
  const bool fresh = row.revision == 0;
  if (!fresh) verb::before_update(work, row);
  if (row.zone.empty()) row.zone = work.zone();
  verb::Faults faults(kWorkingCalendar);
  for (std::size_t day = 0; day < std::size(kWeek); ++day) {
    row.*kWeek[day] = tidied(row.*kWeek[day], Choices<Weekday>::names[day], faults);
  }
  try {
    check(WorkingHours{row.name, row.zone});
  } catch (const Error& error) {
    if (error.code != Code::invalid) throw;
    faults.add("zone", error.message);
  }
  faults.raise();
  work.trusted([&] { fresh ? static_cast<void>(work.create(row)) : work.update(row); });
  calendar = std::move(row);
  return calendar.id;
}

Id set_working_day(Work& work, WorkingDay& day) {
  work.require(Action::administer, kWorkingCalendar);
  WorkingDay row = day;
  const bool fresh = row.revision == 0;
  if (!fresh) verb::before_update(work, row);
  verb::Faults faults(kWorkingDay);
  row.hours = tidied(row.hours, "hours", faults);
  if (row.day == Date{}) faults.add("day", "is missing; give the day that differs");
  if (!verb::is_day(row.day)) faults.add("day", std::string(verb::kDayExpected));
  faults.raise();
  work.get<WorkingCalendar>(row.calendar);
  work.trusted([&] { fresh ? static_cast<void>(work.create(row)) : work.update(row); });
  day = std::move(row);
  return day.id;
}

WorkingHours working_hours(const Reader& reader, std::string_view name) {
  const auto row = reader.find_one<WorkingCalendar>({.conditions = {equals(kWorkingCalendar, "name", name)}});
  if (!row) {
    throw Error(Code::not_found, "working_calendar", "name",
                "there is no working calendar '" + std::string(name) + "'; add it first");
  }
  WorkingHours hours;
  hours.name = row->name;
  hours.zone = row->zone;
  for (std::size_t day = 0; day < std::size(kWeek); ++day) {
    hours.week[day] = parse_spans(((*row).*kWeek[day]).value_or(""));
  }
  for (const WorkingDay& day :
       reader.list<WorkingDay>({.conditions = {equals(kWorkingDay, "calendar", row->id)}, .order = {"day"}})) {
    hours.exceptions.push_back({day.day, parse_spans(day.hours.value_or(""))});
  }
  return hours;
}

}  // namespace people

template <>
const Entity& entity_of<FiscalCalendar>() {
  return people::kFiscalCalendar;
}
template <>
const Entity& entity_of<WorkingCalendar>() {
  return people::kWorkingCalendar;
}
template <>
const Entity& entity_of<WorkingDay>() {
  return people::kWorkingDay;
}

}  // namespace kith
