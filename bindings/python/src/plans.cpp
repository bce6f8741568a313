// SPDX-License-Identifier: Apache-2.0
// General plans without a store; kith/_plan.py gives them their Python shape.
#include "handles.hpp"
#include "kith/incentive/document.hpp"

namespace kith::python {
namespace {

std::shared_ptr<Table> shared(Table table) { return std::make_shared<Table>(std::move(table)); }

}  // namespace

void bind_plans(py::module_& module) {
  using namespace incentive;
  py::class_<PlanDocument>(module, "RawPlan")
      .def(py::init(&PlanDocument::parse))
      .def_property_readonly("name", &PlanDocument::name)
      .def_property_readonly("version", &PlanDocument::version)
      .def_property_readonly("currency", [](const PlanDocument& self) { return code_of(self.currency()); })
      .def_property_readonly("hash", &PlanDocument::hash)
      .def("canonical", &PlanDocument::canonical_json)
      .def("lint", [](const PlanDocument& self) { return shared(generic::to_table(lint(self))); })
      .def("diff", [](const PlanDocument& self, const PlanDocument& after) { return diff(self, after); })
      .def("compute",
           [](const PlanDocument& self, const std::string& inputs) {
             return unlocked([&] { return canonical_json(self, compute(self, parse_inputs(inputs))); });
           })
      .def("explain",
           [](const PlanDocument& self, const std::string& inputs, const std::string& person,
              const std::string& component, const std::string& period, const std::string& language) {
             return unlocked([&] { return explain(self, parse_inputs(inputs), person, component, period, language); });
           })
      .def("what_if",
           [](const PlanDocument& self, const PlanDocument& after, const std::string& inputs) {
             return unlocked([&] { return canonical_json(self, what_if(self, after, parse_inputs(inputs))); });
           })
      .def("export", [](const PlanDocument& self, const std::string& inputs) {
        return unlocked([&] { return export_commission(self, parse_inputs(inputs)); });
      });
  module.def("check_commission", [](const std::string& json) {
    return shared(generic::to_table(unlocked([&] { return check_export(json); })));
  });
}

}  // namespace kith::python
