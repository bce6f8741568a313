// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/dump.hpp"

#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "interchange/json_text.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "kith/engine/history.hpp"

namespace kith {
namespace {

constexpr std::size_t kRowsAtOnce = 1000;  // of an insert while loading
constexpr std::size_t kLongestLine = std::size_t{1} << 26;

/// Reads all rows of one entity in key order and writes them as lines.
class RowWriter {
 public:
  RowWriter(const Reader& reader, const Entity& entity) : entity_(entity), base_(reader.currency()) {
    if (!entity.roles.currency.empty()) currency_field_ = entity.at(entity.roles.currency);
  }

  void write(const Batch& batch, std::size_t row, std::string& line) const {
    line.clear();
    JsonWriter json(line);
    json.begin_object().key(entity_.name).begin_object();
    const Currency currency = currency_of(batch, row);
    for (std::size_t i = 0; i < batch.columns.size(); ++i) {
      const Column& column = batch.columns[i];
      if (column.is_null(row)) continue;  // absent means null
      const Field& field = entity_.fields[i];
      json.key(field.name);
      if (field.type == Type::bytes) {
        json.text(to_hex(column.text(row)));
      } else if (column.is_text()) {
        json.text(column.text(row));
      } else {
        json.value(to_value(column.word(row), field, currency));
      }
    }
    json.end_object().end_object();
    line += '\n';
  }

 private:
  Currency currency_of(const Batch& batch, std::size_t row) const {
    if (currency_field_ < 0 || batch.column(currency_field_).is_null(row)) return base_;
    return currency(batch.column(currency_field_).text(row));
  }

  const Entity& entity_;
  Currency base_;
  int currency_field_ = -1;
};

/// Feeds every line of the dump (but for the trailer) to `sink`.
std::int64_t write_rows(const Reader& reader, const std::function<void(std::string_view)>& sink) {
  std::string line;
  JsonWriter(line).begin_object().key("kith").text("dump").key("format").number(kFormat).end_object();
  sink(line += '\n');
  std::int64_t rows = 0;
  for (const Entity* entity : reader.model().stored()) {
    const RowWriter writer(reader, *entity);
    Query query{.order = {"id"}};
    if (entity->keeping == Keeping::history) query.order.push_back("seq");
    auto found = reader.scan(*entity, query);
    for (Batch batch; found->next(batch);) {
      for (std::size_t row = 0; row < batch.rows(); ++row, ++rows) {
        writer.write(batch, row, line);
        sink(line);
      }
    }
  }
  return rows;
}

std::string from_hex(const std::string& text, const Field& field) {
  const auto digit = [&](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    throw Error(Code::invalid, "", std::string(field.name), "expected lower-case hexadecimal digits");
  };
  if (text.size() % 2 != 0) throw Error(Code::invalid, "", std::string(field.name), "has an odd number of digits");
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  return bytes;
}

/// Puts the lines of a dump into the tables of a store.
class Loader {
 public:
  Loader(const Model& model, Transaction& transaction) : model_(model), transaction_(transaction) {
    for (const Entity* entity : model.stored()) entities_.emplace(entity->name, entity);
  }

  void add(const nlohmann::ordered_json& line) {
    if (!line.is_object() || line.size() != 1) throw Error(Code::invalid, "expected one object with one row");
    const auto found = entities_.find(line.begin().key());
    if (found == entities_.end()) {
      throw Error(Code::version, "holds rows of '" + line.begin().key() + "', which this Kith does not know");
    }
    const Entity& entity = *found->second;
    if (batch_.entity != &entity || batch_.rows() >= kRowsAtOnce) flush();
    if (batch_.entity != &entity) batch_ = Batch(entity);
    append(entity, line.begin().value());
    ++rows;
  }

  void flush() {
    if (batch_.entity == nullptr || batch_.rows() == 0) return;
    transaction_.insert(*batch_.entity, batch_);
    batch_ = Batch(*batch_.entity);
  }

  std::int64_t rows = 0;

 private:
  void append(const Entity& entity, const nlohmann::ordered_json& values) {
    for (const auto& [name, value] : values.items()) static_cast<void>(entity.at(name));
    if (entity.keeping == Keeping::head) base_ = currency(values.at("currency").get<std::string>());
    Currency money = base_;
    if (!entity.roles.currency.empty() && values.contains(entity.roles.currency)) {
      money = currency(values.at(std::string(entity.roles.currency)).get<std::string>());
    }
    std::vector<Cell> cells;
    cells.reserve(entity.fields.size());
    for (const Field& field : entity.fields) {
      const auto value = values.find(std::string(field.name));
      if (value == values.end()) {
        if (!field.nullable)
          throw Error(Code::invalid, std::string(entity.name), std::string(field.name), "is missing");
        cells.emplace_back();
      } else if (field.type == Type::bytes) {
        cells.emplace_back(from_hex(value->get<std::string>(), field));
      } else if (is_text(field.type)) {
        cells.emplace_back(value->get<std::string>());
      } else if (value->is_string()) {
        cells.push_back(to_cell(parse_value(value->get<std::string>(), field, money), field, money));
      } else if (value->is_boolean()) {
        cells.emplace_back(std::int64_t{value->get<bool>()});
      } else {
        cells.emplace_back(value->get<std::int64_t>());
      }
    }
    for (std::size_t i = 0; i < cells.size(); ++i) batch_.columns[i].append(cells[i]);
  }

  const Model& model_;
  Transaction& transaction_;
  std::map<std::string_view, const Entity*> entities_;
  Batch batch_;
  Currency base_;
};

/// Checks the trailer against what was read.
void check_trailer(const nlohmann::ordered_json& trailer, std::int64_t rows, const Sha256& hash) {
  const auto digest = trailer.find("sha256");
  if (trailer.value("rows", std::int64_t{-1}) != rows || digest == trailer.end() ||
      digest->get<std::string>() != to_hex(hash.digest())) {
    throw Error(Code::corrupt,
                "the dump was changed or cut: its rows do not give the digest in its last line; "
                "make it again, or take another copy");
  }
}

void read_header(const nlohmann::ordered_json& header) {
  if (!header.is_object() || header.value("kith", std::string()) != "dump") {
    throw Error(Code::invalid, "this is no dump of Kith; its first line names it {\"kith\":\"dump\",...}");
  }
  if (header.value("format", std::int64_t{0}) > kFormat) {
    throw Error(Code::version, "the dump has format " + std::to_string(header.value("format", std::int64_t{0})) +
                                   ", this Kith knows " + std::to_string(kFormat) + "; use a newer Kith");
  }
}

/// Reads every line; true once the trailer was seen and is right.
void read_lines(std::istream& in, Loader& loader) {
  Sha256 hash;
  bool closed = false;
  std::int64_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    try {
      if (closed) throw Error(Code::invalid, "follows the last line of the dump");
      if (line.size() > kLongestLine) throw Error(Code::invalid, "is longer than any row");
      const auto json = parse_json(line, "the dump");
      if (number == 1) read_header(json);
      if (number > 1 && json.contains("sha256")) {
        loader.flush();
        check_trailer(json, loader.rows, hash);
        closed = true;
        continue;
      }
      hash.update(line);
      hash.update("\n");
      if (number > 1) loader.add(json);
    } catch (const nlohmann::json::exception& error) {
      throw Error(Code::invalid, "line " + std::to_string(number) + " of the dump: " + error.what());
    } catch (const Error& error) {
      throw Error(error.code, error.entity, error.field,
                  "line " + std::to_string(number) + " of the dump: " + error.message);
    }
  }
  if (!closed)
    throw Error(Code::corrupt, "the dump ends early: its last line with the digest is missing; take another copy");
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
  Sha256 hash;
  const Reader system = reader.as_system("dump");
  const std::int64_t rows = write_rows(system, [&](std::string_view line) {
    hash.update(line);
    out.write(line.data(), static_cast<std::streamsize>(line.size()));
  });
  std::string trailer;
  JsonWriter(trailer).begin_object().key("rows").number(rows).key("sha256").text(to_hex(hash.digest())).end_object();
  out << trailer << '\n';
  if (!out.flush()) throw Error(Code::storage, "the dump could not be written; look for a full disk");
}

void load(std::istream& in, const std::string& url, const Model& model, const Options& options) {
  auto storage = open_storage(url, options.storage);
  storage->prepare(model.stored());
  load(in, *storage, model);
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
  read_lines(in, loader);
  transaction->commit();
}

Digest state_digest(const Session& session) {
  Sha256 hash;
  const Reader reader = session.reader();
  write_rows(reader.as_system("digest"), [&](std::string_view line) { hash.update(line); });
  return hash.digest();
}

}  // namespace kith
