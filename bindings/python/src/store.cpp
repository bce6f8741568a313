// SPDX-License-Identifier: Apache-2.0
// Stores and sessions: opening, imports, checks, digests.
#include <fstream>

#include "handles.hpp"
#include "kith/engine/migration.hpp"
#include "kith/interchange/files.hpp"

namespace kith::python {
namespace {

std::shared_ptr<Table> shared(Table table) { return std::make_shared<Table>(std::move(table)); }

/// Dropped under the interpreter's lock, whoever lets go of the engine last.
std::shared_ptr<py::object> under_lock(py::object given) {
  return {new py::object(std::move(given)), [](py::object* object) {
            const py::gil_scoped_acquire lock;
            delete object;
          }};
}

Options options_from(bool create, bool read_only, int busy_ms, const std::string& currency, const std::string& zone,
                     py::object clock, std::optional<std::uint64_t> seed) {
  Options options;
  options.storage = {.create = create, .read_only = read_only, .busy_ms = busy_ms};
  options.currency = currency;
  options.zone = zone;
  if (!clock.is_none()) {
    const std::shared_ptr<py::object> held = under_lock(std::move(clock));
    options.clock = [held] {
      const py::gil_scoped_acquire lock;
      const auto now = timestamp_from((*held)());
      if (!now) throw Error(Code::misuse, "the clock gave None; it must give an aware datetime");
      return *now;
    };
  }
  if (seed) options.random = seeded_random(*seed);
  return options;
}

py::str import_csv(PySession& self, const std::string& path, const std::string& mapping,
                   const std::vector<std::string>& aliases, bool dry_run, bool all_or_nothing, std::size_t chunk_rows,
                   const std::optional<std::string>& rejects, const py::object& progress, const std::string& cause,
                   const std::optional<std::string>& encoding) {
  ImportPlan plan = parse_import_plan(mapping);
  for (const std::string& document : aliases) add_aliases(plan, document);
  ImportOptions options;
  options.dry_run = dry_run;
  options.all_or_nothing = all_or_nothing;
  options.chunk_rows = chunk_rows;
  options.cause = cause;
  if (encoding) options.encoding = parse_encoding(*encoding);
  std::ofstream out;
  if (rejects) {
    out.open(*rejects, std::ios::binary | std::ios::trunc);
    if (!out) throw Error(Code::storage, "cannot write '" + *rejects + "'; look at the folder and its rights");
    options.rejects = [&out](std::string_view bytes) {
      out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    };
  }
  if (!progress.is_none()) {
    options.progress = [&progress](std::int64_t rows, std::int64_t bytes, std::int64_t total) {
      const py::gil_scoped_acquire lock;
      const py::object go_on = progress(rows, bytes, total);
      return go_on.is_none() || py::cast<bool>(go_on);
    };
  }
  Session& session = self.session();
  return unlocked([&] { return to_json(import_csv(session, file_source(path), plan, options)); });
}

/// What a function of session.run() raised, as Session::run tells failures apart. The exception itself is kept aside.
struct RaisedBusy : Error {
  RaisedBusy() : Error(Code::busy, "raised in Python") {}
};
struct RaisedLost : Interrupted {
  explicit RaisedLost(bool in_commit) : Interrupted("raised in Python", in_commit) {}
};
struct Raised {};

[[noreturn]] void throw_as_raised(const py::error_already_set& raised) {
  const py::module_ errors = py::module_::import("kith.errors");
  if (raised.matches(errors.attr("BusyError"))) throw RaisedBusy();
  if (raised.matches(errors.attr("StorageError"))) {
    const auto lost = py::cast<std::string>(raised.value().attr("lost"));
    if (!lost.empty()) throw RaisedLost(lost == "commit");
  }
  throw Raised();
}

py::tuple run(PySession& self, const WorkOptions& about, int attempts, const py::function& function) {
  Session& session = self.session();
  std::optional<py::error_already_set> last;
  const auto once = [&](Work& work) -> std::string {
    const py::gil_scoped_acquire lock;
    const auto lent = std::make_shared<PyWork>(&work);
    const std::unique_ptr<PyWork, void (*)(PyWork*)> end(lent.get(), [](PyWork* given) { given->take_back(); });
    try {
      const py::object result = function(lent);
      if (result.is_none()) return {};
      if (!py::isinstance<py::str>(result)) throw py::type_error("a run's function returns its result, a str, or None");
      return py::cast<std::string>(result);
    } catch (py::error_already_set& raised) {
      last.emplace(std::move(raised));
      throw_as_raised(*last);
    }
  };
  const auto all = [&]() -> std::optional<Receipt> {
    try {
      return session.run(about, once, {.attempts = attempts});
    } catch (const RaisedBusy&) {
    } catch (const RaisedLost&) {
    } catch (const Raised&) {
    }
    return std::nullopt;
  };
  const std::optional<Receipt> receipt = unlocked(all);
  if (!receipt) throw std::move(*last);
  return py::make_tuple(receipt->seq, receipt->result, receipt->replayed);
}

void bind_session(py::module_& module) {
  py::class_<PySession, std::shared_ptr<PySession>>(module, "RawSession")
      .def("close", &PySession::close)
      .def_property_readonly("actor", [](const PySession& self) { return self.session().actor().name; })
      .def("reader",
           [](const PySession& self, std::optional<std::int64_t> seq, py::handle time, py::handle day) {
             ReadOptions options{.as_of_seq = seq, .as_of_time = timestamp_from(time)};
             if (!day.is_none()) options.valid_on = date_from(day);
             const Session& session = self.session();
             return unlocked([&] { return std::make_shared<PyReader>(session.reader(options)); });
           })
      .def("work",
           [](PySession& self, const std::string& cause, const std::string& key, const std::string& payload) {
             Session& session = self.session();
             return unlocked([&] {
               return std::make_shared<PyWork>(session.work({.cause = cause, .key = key, .payload = payload}));
             });
           })
      .def("run",
           [](PySession& self, const std::string& cause, const std::string& key, const std::string& payload,
              int attempts, const py::function& function) {
             return run(self, {.cause = cause, .key = key, .payload = payload}, attempts, function);
           })
      .def("import_csv", &import_csv)
      .def("backup",
           [](const PySession& self, const std::string& path) {
             const Session& session = self.session();
             unlocked([&] { backup(session, path); });
           })
      .def("digest",
           [](const PySession& self) {
             const Session& session = self.session();
             return unlocked([&] { return to_hex(state_digest(session)); });
           })
      .def("archive",
           [](PySession& self, std::int64_t until, const std::string& path, bool force) {
             Session& session = self.session();
             return to_dict(unlocked([&] {
               const Id id = archive_file(session, until, path, {.force = force}).id;
               return generic::get(session.reader(), entity_of<ArchiveRow>(), id);
             }));
           })
      .def("scrub",
           [](PySession& self) {
             Session& session = self.session();
             return unlocked([&] { return history::scrub(session); });
           })
      .def("check", [](PySession& self) {
        Session& session = self.session();
        return unlocked([&] { return shared(generic::to_table(check(session))); });
      });
}

}  // namespace

void bind_store(py::module_& module) {
  bind_session(module);
  py::class_<PyStore, std::shared_ptr<PyStore>>(module, "RawStore")
      .def("close", &PyStore::close)
      .def("session",
           [](const PyStore& self, const std::string& principal) {
             Engine& engine = self.engine();
             return unlocked([&] { return std::make_shared<PySession>(engine.session(principal)); });
           })
      .def("doctor",
           [](const PyStore& self) {
             Engine& engine = self.engine();
             return unlocked([&] { return migration::doctor(engine); });
           })
      .def("entities", [](const PyStore& self) { return shared(generic::entities(self.engine().model())); })
      .def("fields",
           [](const PyStore& self, const std::string& entity) {
             return shared(generic::fields(self.engine().model().entity(entity)));
           })
      .def("reports", [](const PyStore& self) { return shared(generic::reports(self.engine().model())); })
      .def("report_parameters", [](const PyStore& self, const std::string& name) {
        return shared(generic::parameters(self.engine().model().report(name)));
      });
  module.def("open", [](const std::string& url, bool create, bool read_only, int busy_ms, const std::string& currency,
                        const std::string& zone, bool migrate, py::object clock, std::optional<std::uint64_t> seed) {
    Options options = options_from(create, read_only, busy_ms, currency, zone, std::move(clock), seed);
    options.migrate = migrate;
    return unlocked([&] { return std::make_shared<PyStore>(kith::open(url, options)); });
  });
  module.def("open_on", [](py::object connection, std::uintptr_t handle, const std::string& schema, std::int64_t tenant,
                           bool read_only, int busy_ms, py::object clock, std::optional<std::uint64_t> seed) {
    const Options options = options_from(false, read_only, busy_ms, "USD", "UTC", std::move(clock), seed);
    const std::shared_ptr<py::object> held = under_lock(std::move(connection));
    return unlocked([&] {
      const auto lent =
          open_postgres_on(reinterpret_cast<void*>(handle), {.schema = schema, .tenant = tenant}, options.storage);
      // The driver's object, which closes the connection when it goes, stays for as long as the store.
      std::shared_ptr<Storage> storage(lent.get(), [lent, held](Storage*) {});
      return std::make_shared<PyStore>(Engine::open(std::move(storage), model(), options));
    });
  });
  module.def("load",
             [](const std::string& path, const std::string& url) { unlocked([&] { load_file(path, url, model()); }); });
  module.def("check_trace", [](const std::string& json) {
    return shared(generic::to_table(incentive::recheck(incentive::parse_trace(json))));
  });
  module.def("plurals", [] {
    py::dict names;
    for (const Entity* entity : model().entities())
      names[py::str(std::string(entity->plural))] = std::string(entity->name);
    return names;
  });
}

}  // namespace kith::python
