// SPDX-License-Identifier: Apache-2.0
// The past: versions, changes, who set what, proof, and the ways back.
#include "handles.hpp"
#include "kith/engine/migration.hpp"

namespace kith::python {
namespace {

std::shared_ptr<Table> shared(Table table) { return std::make_shared<Table>(std::move(table)); }

std::optional<history::Anchor> anchor_from(const std::optional<std::string>& text) {
  return text ? std::optional(history::parse_anchor(*text)) : std::nullopt;
}

py::tuple verify(const PySource& self, const std::optional<std::string>& anchor) {
  const Reader& reader = self.reader();
  const auto found = unlocked([&] { return history::verify(reader, anchor_from(anchor)); });
  return py::make_tuple(found.works, found.changes, found.versions, shared(generic::to_table(found.faults)),
                        shared(generic::to_table(found.erasures)));
}

py::tuple verify_archive(const PySource& self, const std::string& path, const std::optional<std::string>& anchor) {
  const Reader& reader = self.reader();
  const auto found = unlocked([&] { return verify_archive_file(reader, path, anchor_from(anchor)); });
  return py::make_tuple(found.works, found.changes, found.versions, shared(generic::to_table(found.faults)),
                        shared(generic::to_table(found.erasures)));
}

py::tuple feed_read(const PySource& self, const std::string& name, std::size_t most) {
  const auto found = history::unread(self.reader(), name, most);
  return py::make_tuple(shared(generic::to_table(found.changes)), found.next);
}

void bind_feed(py::class_<PyWork, PySource, std::shared_ptr<PyWork>>& work) {
  work.def("assign",
           [](PyWork& self, const std::string& entity, std::int64_t id, std::optional<std::int64_t> owner,
              py::handle since) {
             Work& open = self.work();
             ownership::assign(open, open.model().entity(entity), {id},
                               owner ? std::optional(Id{*owner}) : std::nullopt, timestamp_from(since));
           })
      .def("subscribe", [](PyWork& self, const std::string& name,
                           std::int64_t after) { history::subscribe(self.work(), name, after); })
      .def("unsubscribe", [](PyWork& self, const std::string& name) { history::unsubscribe(self.work(), name); })
      .def("acknowledge", [](PyWork& self, const std::string& name,
                             std::int64_t position) { history::acknowledge(self.work(), name, position); })
      .def("rewind", [](PyWork& self, const std::string& name,
                        std::int64_t position) { history::rewind(self.work(), name, position); })
      .def("set_retention", [](PyWork& self, std::int64_t days) { history::set_retention(self.work(), days); });
}

void bind_past(py::class_<PySource, std::shared_ptr<PySource>>& source) {
  source
      .def("history",
           [](const PySource& self, const std::string& entity, std::int64_t id) {
             const Reader& reader = self.reader();
             return shared(generic::versions(reader, reader.model().entity(entity), {id}));
           })
      .def("field_history",
           [](const PySource& self, const std::string& entity, std::int64_t id,
              const std::optional<std::string>& field) {
             const Reader& reader = self.reader();
             const Entity& of = reader.model().entity(entity);
             return shared(field ? generic::field_values(reader, of, {id}, *field)
                                 : generic::field_changes(reader, of, {id}));
           })
      .def("changes",
           [](const PySource& self, std::int64_t after, std::size_t most) {
             return shared(generic::to_table(history::changes(self.reader(), after, most)));
           })
      .def("obstacles",
           [](const PySource& self, std::int64_t seq) {
             return shared(generic::to_table(history::obstacles(self.reader(), seq)));
           })
      .def("ownerships",
           [](const PySource& self, const std::string& entity, std::int64_t id) {
             const Reader& reader = self.reader();
             return shared(generic::ownerships(reader, reader.model().entity(entity), {id}));
           })
      .def("anchor", [](const PySource& self) { return to_string(history::anchor(self.reader())); })
      .def("verify", &verify)
      .def("verify_archive", &verify_archive)
      .def("feed_read", &feed_read);
}

}  // namespace

void bind_history(py::module_& module, py::class_<PySource, std::shared_ptr<PySource>>& source,
                  py::class_<PyWork, PySource, std::shared_ptr<PyWork>>& work) {
  bind_past(source);
  bind_feed(work);
  work.def("undo",
           [](PyWork& self, std::int64_t seq) {
             Work& open = self.work();
             return unlocked([&] { return history::undo(open, seq); });
           })
      .def("restore",
           [](PyWork& self, const std::string& entity, std::int64_t id) {
             Work& open = self.work();
             unlocked([&] { history::restore(open, open.model().entity(entity), {id}); });
           })
      .def("erase_person",
           [](PyWork& self, const std::string& entity, std::int64_t id) {
             Work& open = self.work();
             const auto erased =
                 unlocked([&] { return history::erase_person(open, open.model().entity(entity), {id}); });
             return py::make_tuple(shared(generic::to_table(erased.fields)),
                                   shared(generic::to_table(erased.remainders)));
           })
      .def("purge", [](PyWork& self, const std::string& entity, std::int64_t id) {
        Work& open = self.work();
        unlocked([&] { history::purge(open, open.model().entity(entity), {id}); });
      });
  module.def("migration", [](const std::string& url) {
    StorageOptions options;
    options.create = false;
    return unlocked([&] { return migration::script(migration::plan(url, model(), options)); });
  });
}

}  // namespace kith::python
