// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/dump.hpp"

#include <filesystem>
#include <istream>
#include <ostream>

#include "base/json.hpp"
#include "engine/internal.hpp"
#include "interchange/json_text.hpp"
#include "interchange/row_lines.hpp"
#include "kith/base/error.hpp"
#include "kith/engine/history.hpp"
#include "kith/engine/tenants.hpp"
#include "storage/postgres_url.hpp"
#include "storage/scheme.hpp"

namespace kith {
namespace {

constexpr std::size_t kRowsAtOnce = 1000;  // of an insert while loading
constexpr std::int64_t kOldestDump = 2;    // before, a dump held neither states of plans nor rights on what came later

/// Feeds every line of the dump (but for the trailer) to `sink`.
void write_rows(const Reader& reader, const std::function<void(std::string_view)>& sink) {
  std::string line;
  JsonWriter(line).begin_object().key("kith").text("dump").key("format").number(kFormat).end_object();
  sink(line += '\n');
  for (const Entity* entity : reader.model().stored()) {
    const RowWriter writer(*entity, reader.currency());
    Query query{.order = {"id"}};
    if (entity->keeping == Keeping::history) query.order.push_back("seq");
    auto found = reader.scan(*entity, query);
    for (Batch batch; found->next(batch);) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        writer.write(batch, row, line);
        sink(line);
      }
    }
  }
}

/// Puts the lines of a dump into the tables of a store.
class Loader {
 public:
  Loader(const Model& model, Transaction& transaction) : model_(model), transaction_(transaction) {
    for (const Entity* entity : model.stored()) entities_.emplace(entity->name, entity);
  }

  void add(const OrderedJson& line) {
    if (!line.is_object() || line.size() != 1) throw Error(Code::invalid, "expected one object with one row");
    const auto found = entities_.find(line.begin().key());
    if (found == entities_.end()) {
      throw Error(Code::version, "holds rows of '" + line.begin().key() + "', which this Kith does not know");
    }
    const Entity& entity = *found->second;
    if (batch_.entity != &entity || batch_.rows() >= kRowsAtOnce) flush();
    if (batch_.entity != &entity) batch_ = Batch(entity);
    if (entity.keeping == Keeping::head) base_ = currency(line.begin().value().at("currency").get<std::string>());
    append_row(line.begin().value(), base_, batch_, older_);
  }

  /// The rows are of an older format.
  void set_older() { older_ = true; }

  void flush() {
    if (batch_.entity == nullptr || batch_.rows() == 0) return;
    transaction_.insert(*batch_.entity, batch_);
    batch_ = Batch(*batch_.entity);
  }

 private:
  const Model& model_;
  Transaction& transaction_;
  std::map<std::string_view, const Entity*> entities_;
  Batch batch_;
  Currency base_;
  bool older_ = false;
};

void read_header(const OrderedJson& header) {
  if (!header.is_object() || header.value("kith", std::string()) != "dump") {
    throw Error(Code::invalid, "this is no dump of Kith; its first line names it {\"kith\":\"dump\",...}");
  }
  if (header.value("format", std::int64_t{0}) > kFormat) {
    throw Error(Code::version, "the dump has format " + std::to_string(header.value("format", std::int64_t{0})) +
                                   ", this Kith knows " + std::to_string(kFormat) + "; use a newer Kith");
  }
  if (header.value("format", std::int64_t{0}) < kOldestDump) {
    throw Error(Code::version,
                "the dump has format 1, which lacks too much to be filled in; open the store file that it "
                "came from, which is migrated, and dump that");
  }
}

/// The SQLite file that a load makes: a store that did not become whole must not stay, as the next load would take it
/// for a new one and readers for an empty one. A file that was there before is the caller's and stays.
class MadeFile {
 public:
  explicit MadeFile(std::string_view url) : path_(file_of(url)) {
    std::error_code fault;
    if (!path_.empty()) path_ = std::filesystem::absolute(path_, fault).string();
    if (fault || std::filesystem::exists(path_, fault)) path_.clear();
  }
  void remove() const {
    if (path_.empty()) return;
    std::error_code ignored;
    for (const char* tail : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(path_ + tail, ignored);
  }

 private:
  /// The path of a file store, or nothing for other storages (see open_storage).
  static std::string file_of(std::string_view url) {
    const std::string scheme = scheme_of(url);
    if (scheme == "sqlite") return std::string(url.substr(scheme.size() + 1));
    return scheme.empty() ? std::string(url) : std::string();
  }

  std::string path_;
};

/// Takes back the tenant on a server that a failed load has made. Its schema and tables stay, empty: others may have
/// come to use them meanwhile. Where the server is gone, what it has not committed is gone with it.
void remove_tenant(const std::string& url, const Model& model, const Options& options) {
  try {
    tenants::remove(url, postgres::parse_url(url).options.tenant, model, options.storage);
  } catch (const std::exception&) {  // the failure of the load is what is told
  }
}

}  // namespace

void require_administer(const Reader& reader, std::string_view what) {
  std::string why;
  if (!reader.may(Action::administer, entity_of<Principal>(), reader.actor().id, &why)) {
    throw Error(Code::denied, "principal", "", std::string(what) + "; " + why + ", but needs administer");
  }
}

void dump(const Reader& reader, std::ostream& out) {
  require_administer(reader, "a dump shows every row");
  if (Inside::state(reader).as_of || Inside::state(reader).valid || dynamic_cast<const Work*>(&reader) != nullptr) {
    throw Error(Code::misuse,
                "a dump is of what is committed and present; take it from a plain reader, without a "
                "moment, a day or an open Work (the whole past is in it)");
  }
  SealedWriter sealed(out, "dump");
  const Reader system = reader.as_system("dump");
  write_rows(system, [&](std::string_view line) { sealed.write(line); });
  sealed.end();
}

void load(std::istream& in, const std::string& url, const Model& model, const Options& options) {
  const MadeFile made(url);
  auto storage = open_storage(url, options.storage);
  const bool fresh = storage->fresh();
  try {
    storage->prepare(model.stored());
    load(in, *storage, model);
  } catch (const std::exception& failure) {
    storage.reset();  // closes the file first
    const auto* error = dynamic_cast<const Error*>(&failure);
    // Somebody else made the store meanwhile: it is theirs.
    const bool others = error != nullptr && (error->code == Code::state || error->code == Code::busy);
    if (!others) made.remove();
    if (!others && fresh && scheme_of(url) == "postgresql") remove_tenant(url, model, options);
    throw;
  }
}

void load(std::istream& in, Storage& storage, const Model& model) {
  auto connection = storage.connect();
  auto transaction = connection->begin(Access::write);
  Batch head(entity_of<Head>());
  auto heads = transaction->scan({.entity = &entity_of<Head>(), .fields = head.fields});
  if (heads->next(head)) {
    throw Error(Code::state, "the store is in use already; a dump is loaded into a new one");
  }
  heads.reset();
  Loader loader(model, *transaction);
  const auto header = [&](const OrderedJson& line) {
    read_header(line);
    if (line.value("format", kFormat) < kFormat) loader.set_older();
  };
  read_sealed(in, "dump", header, [&](const OrderedJson& line) { loader.add(line); });
  loader.flush();
  transaction->commit();
}

Digest state_digest(const Session& session) {
  Sha256 hash;
  const Reader reader = session.reader();
  write_rows(reader.as_system("digest"), [&](std::string_view line) { hash.update(line); });
  return hash.digest();
}

}  // namespace kith
