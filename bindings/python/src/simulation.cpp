// SPDX-License-Identifier: Apache-2.0
// A company that never was; kith/_simulation.py gives it its Python shape.
#include "handles.hpp"
#include "kith/kith.hpp"
#include "kith/simulation/company.hpp"
#include "values.hpp"

namespace kith::python {
namespace {

using namespace simulation;

CompanyOptions company_of(std::uint64_t seed, std::int64_t records, const py::object& start, const py::object& end,
                          const std::string& code) {
  CompanyOptions options;
  options.seed = seed;
  options.records = records;
  options.currency = currency(code);
  if (!start.is_none()) options.from = date_from(start);
  if (!end.is_none()) options.to = date_from(end);
  return options;
}

}  // namespace

void bind_simulation(py::module_& module) {
  module.def("generate", [](const std::string& url, std::uint64_t seed, std::int64_t records, const py::object& start,
                            const py::object& end, const std::string& code, bool events, const py::object& progress) {
    GenerateOptions options;
    options.company = company_of(seed, records, start, end, code);
    options.events = events;
    if (!progress.is_none()) {
      options.progress = [&progress](std::int64_t done, std::int64_t total) {
        const py::gil_scoped_acquire lock;
        const py::object go_on = progress(done, total);
        return go_on.is_none() || py::cast<bool>(go_on);
      };
    }
    return std::make_shared<Table>(to_table(unlocked([&] { return generate(url, model(), options); })));
  });
  module.def("generate_inputs", [](std::uint64_t seed, std::int64_t records, const py::object& start,
                                   const py::object& end, const std::string& code) {
    const CompanyOptions options = company_of(seed, records, start, end, code);
    return unlocked([&] { return incentive::canonical_json(plan_inputs(Company(options))); });
  });
}

}  // namespace kith::python
