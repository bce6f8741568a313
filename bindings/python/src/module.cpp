// SPDX-License-Identifier: Apache-2.0
// The extension module kith._kith: handles and verbs. kith/_store.py gives them their Python shape.
#include "handles.hpp"
#include "kith/engine/tenants.hpp"

PYBIND11_MODULE(_kith, module) {
  using namespace kith::python;
  module.doc() = "Kith's engine for Python; use the package kith instead.";
  module.attr("__version__") = KITH_VERSION;
  register_errors();
  bind_tables(module);
  py::class_<PySource, std::shared_ptr<PySource>> source(module, "RawSource");
  bind_reads(source);
  py::class_<PyReader, PySource, std::shared_ptr<PyReader>>(module, "RawReader").def("close", &PyReader::close);
  py::class_<PyWork, PySource, std::shared_ptr<PyWork>> work(module, "RawWork");
  bind_verbs(work);
  bind_history(module, source, work);
  bind_store(module);
  bind_plans(module);
  bind_simulation(module);
  module.def("shard_plan",
             [](const std::string& schema) { return kith::postgres_shard_plan(kith::model().stored(), schema); });
  module.def("tenants", [](const std::string& url) {
    return unlocked([&] { return std::make_shared<kith::Table>(kith::tenants::to_table(kith::tenants::list(url))); });
  });
  module.def("remove_tenant", [](const std::string& url, std::int64_t confirm) {
    return unlocked([&] { return kith::tenants::remove(url, confirm, kith::model()); });
  });
}
