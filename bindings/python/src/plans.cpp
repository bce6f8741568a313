// SPDX-License-Identifier: Apache-2.0
// General plans without a store; kith/_plan.py gives them their Python shape.
#include <mutex>

#include "handles.hpp"
#include "kith/incentive/document_tables.hpp"
#include "kith/incentive/event.hpp"

namespace kith::python {
namespace {

std::shared_ptr<Table> shared(Table table) { return std::make_shared<Table>(std::move(table)); }

/// Used by one thread at a time, however many hold it.
class PyComputation {
 public:
  PyComputation(const incentive::PlanDocument& plan, const incentive::Inputs& inputs) : computation_(plan, inputs) {}
  template <class Function>
  auto use(Function&& function) {
    return unlocked([&] {
      const std::lock_guard lock(mutex_);
      return function(computation_);
    });
  }

 private:
  incentive::Computation computation_;
  std::mutex mutex_;
};

void bind_computations(py::module_& module) {
  using incentive::Computation;
  py::class_<PyComputation>(module, "RawComputation")
      .def(py::init([](const incentive::PlanDocument& plan, const incentive::Inputs& inputs) {
        return unlocked([&] { return std::make_unique<PyComputation>(plan, inputs); });
      }))
      .def("change",
           [](PyComputation& self, const incentive::Inputs& events) {
             return shared(self.use(
                 [&](Computation& stays) { return incentive::to_table(stays.plan(), stays.change(events.events)); }));
           })
      .def("table",
           [](PyComputation& self, const std::string& part) {
             return shared(self.use([&](const Computation& stays) {
               return incentive::to_table(stays.plan(), stays.result(incentive::detail_of(part)), part);
             }));
           })
      .def("result",
           [](PyComputation& self) {
             return self.use(
                 [](const Computation& stays) { return incentive::canonical_json(stays.plan(), stays.result()); });
           })
      .def("explain", [](PyComputation& self, const std::string& person, const std::string& component,
                         const std::string& period, const std::string& language) {
        return self.use([&](const Computation& stays) { return stays.explain(person, component, period, language); });
      });
}

}  // namespace

void bind_plans(py::module_& module) {
  using namespace incentive;
  py::class_<Inputs>(module, "RawInputs")
      .def(py::init([](const std::string& json) { return unlocked([&] { return parse_inputs(json); }); }))
      .def_static(
          "of_events",
          [](const std::string& json) { return unlocked([&] { return Inputs{.events = parse_events(json)}; }); })
      .def("add_columns",
           [](Inputs& self, const py::capsule& capsule) {
             auto* stream = stream_in(capsule);
             unlocked([&] { add_events(self, stream); });
           })
      .def("add_rows", [](Inputs& self, const py::capsule& capsule) {
        auto* stream = stream_in(capsule);
        unlocked([&] { read_events(stream, self.events); });
      });
  bind_computations(module);
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
           [](const PlanDocument& self, const Inputs& inputs) {
             return unlocked([&] { return canonical_json(self, compute(self, inputs)); });
           })
      .def("explain",
           [](const PlanDocument& self, const Inputs& inputs, const std::string& person, const std::string& component,
              const std::string& period, const std::string& language) {
             return unlocked([&] { return explain(self, inputs, person, component, period, language); });
           })
      .def("what_if",
           [](const PlanDocument& self, const PlanDocument& after, const Inputs& inputs) {
             return unlocked([&] { return canonical_json(self, what_if(self, after, inputs)); });
           })
      .def("export", [](const PlanDocument& self, const Inputs& inputs) {
        return unlocked([&] { return export_commission(self, inputs); });
      });
  module.def("explain_commission", [](const std::string& json, const std::string& language, const std::string& person,
                                      const std::string& component, const std::string& period) {
    return unlocked([&] { return explain_export(json, language, {person, component, period}); });
  });
  module.def("check_commission", [](const std::string& json) {
    return shared(generic::to_table(unlocked([&] { return check_export(json); })));
  });
}

}  // namespace kith::python
