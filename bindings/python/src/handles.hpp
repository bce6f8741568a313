// SPDX-License-Identifier: Apache-2.0
#pragma once
// What Python holds: stores, sessions, snapshots and works. Each keeps alive what it came from; each says MisuseError
// after it was closed.

#include <memory>
#include <string>
#include <utility>

#include "kith/interchange/arrow.hpp"
#include "kith/interchange/csv.hpp"
#include "values.hpp"

namespace kith::python {

/// A snapshot, or a Work seen as one.
class PySource {
 public:
  virtual ~PySource() = default;
  virtual const Reader& reader() const = 0;
};

class PyReader : public PySource {
 public:
  explicit PyReader(Reader reader) : reader_(std::make_unique<Reader>(std::move(reader))) {}
  const Reader& reader() const override {
    if (!reader_) throw Error(Code::misuse, "this reader was closed; take another from the session");
    return *reader_;
  }
  void close() { reader_.reset(); }

 private:
  std::unique_ptr<Reader> reader_;
};

class PyWork : public PySource {
 public:
  explicit PyWork(Work work) : own_(std::make_unique<Work>(std::move(work))), work_(own_.get()) {}
  /// Lent by session.run(), which ends it.
  explicit PyWork(Work* work) : work_(work) {}
  const Reader& reader() const override { return work(); }
  Work& work() const {
    if (work_ == nullptr) throw Error(Code::misuse, "this work has ended; begin another with session.work()");
    return *work_;
  }
  bool open() const { return work_ != nullptr; }
  Receipt commit(std::string result) {
    require_own();
    work_ = nullptr;
    return std::exchange(own_, nullptr)->commit(std::move(result));
  }
  void rollback() {
    if (work_ != nullptr) require_own();
    take_back();
  }
  void take_back() {
    work_ = nullptr;
    own_.reset();
  }

 private:
  void require_own() const {
    static_cast<void>(work());
    if (!own_) throw Error(Code::misuse, "session.run() ends the work itself; return to commit, raise to roll back");
  }

  std::unique_ptr<Work> own_;  ///< empty: lent
  Work* work_;                 ///< null: ended
};

class PySession {
 public:
  explicit PySession(Session session) : session_(std::make_unique<Session>(std::move(session))) {}
  Session& session() const {
    if (!session_) throw Error(Code::misuse, "this session was closed; open another with store.session()");
    return *session_;
  }
  void close() { session_.reset(); }

 private:
  std::unique_ptr<Session> session_;
};

class PyStore {
 public:
  explicit PyStore(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}
  Engine& engine() const {
    if (!engine_) throw Error(Code::misuse, "this store was closed; open it again with kith.open()");
    return *engine_;
  }
  void close() { engine_.reset(); }

 private:
  std::shared_ptr<Engine> engine_;
};

/// Runs without the interpreter's lock; nothing of Python may be touched inside.
template <class Function>
auto unlocked(Function&& function) {
  const py::gil_scoped_release release;
  return function();
}

/// How to write CSV, as Python says it.
inline CsvWriteOptions csv_options(const std::string& profile, char delimiter, bool byte_order_mark) {
  if (profile != "spreadsheet" && profile != "interchange") {
    throw Error(Code::invalid, "there is no CSV profile '" + profile + "'; choose spreadsheet or interchange");
  }
  return {.profile = profile == "spreadsheet" ? CsvProfile::spreadsheet : CsvProfile::interchange,
          .delimiter = delimiter,
          .byte_order_mark = byte_order_mark};
}

/// What __arrow_c_stream__ returns. The consumer moves the stream out and clears `release`; whoever does not, leaves
/// that to the capsule.
inline py::capsule arrow_capsule(std::unique_ptr<ArrowArrayStream> stream) {
  return py::capsule(stream.release(), "arrow_array_stream", [](void* pointer) {
    const std::unique_ptr<ArrowArrayStream> owned(static_cast<ArrowArrayStream*>(pointer));
    if (owned->release != nullptr) owned->release(owned.get());
  });
}

/// `capsule` is what __arrow_c_stream__ returned: the stream moves out of it. A producer in Python takes the
/// interpreter's lock itself when it needs it.
inline ArrowArrayStream* stream_in(const py::capsule& capsule) {
  if (std::string_view(capsule.name() == nullptr ? "" : capsule.name()) != "arrow_array_stream") {
    throw py::type_error("__arrow_c_stream__ did not return a capsule named arrow_array_stream");
  }
  return capsule.get_pointer<ArrowArrayStream>();
}

/// Registers the classes and functions of each file.
void bind_history(py::module_& module, py::class_<PySource, std::shared_ptr<PySource>>& source,
                  py::class_<PyWork, PySource, std::shared_ptr<PyWork>>& work);
void bind_plans(py::module_& module);
void bind_simulation(py::module_& module);
void bind_store(py::module_& module);
void bind_tables(py::module_& module);
void bind_reads(py::class_<PySource, std::shared_ptr<PySource>>& source);
void bind_verbs(py::class_<PyWork, PySource, std::shared_ptr<PyWork>>& work);

}  // namespace kith::python
