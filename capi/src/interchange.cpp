// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/interchange/arrow.hpp"
#include "kith/interchange/files.hpp"
#include "kith/interchange/importer.hpp"
#include "kith/kith.hpp"

using namespace kith::c;

namespace {

kith::CsvWriteOptions csv_options(const kith_csv_options* options) {
  const kith_csv_options given = read_struct(options, "options");
  kith::CsvWriteOptions wanted;
  if (given.profile != 0) {
    if (given.profile != KITH_CSV_INTERCHANGE && given.profile != KITH_CSV_SPREADSHEET) {
      misuse("options->profile is " + std::to_string(given.profile) + ", which is none of KITH_CSV_*");
    }
    wanted.profile = static_cast<kith::CsvProfile>(given.profile);
  }
  if (given.delimiter < 0 || given.delimiter > 127) misuse("options->delimiter is no ASCII character");
  if (given.delimiter != 0) wanted.delimiter = static_cast<char>(given.delimiter);
  wanted.byte_order_mark = given.byte_order_mark != 0;
  wanted.crlf = given.crlf != 0;
  return wanted;
}

}  // namespace

int32_t kith_import_csv(kith_session* session, const char* path, size_t path_size, const char* mapping,
                        size_t mapping_size, const char* aliases, size_t aliases_size,
                        const kith_import_options* options, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    kith::Session& actor = need(session, "session").session;
    const kith_import_options given = read_struct(options, "options");
    kith::ImportPlan plan = kith::parse_import_plan(text_of(mapping, mapping_size, "mapping"));
    if (const auto spellings = text_or_none(aliases, aliases_size)) kith::add_aliases(plan, *spellings);
    kith::ImportOptions wanted;
    wanted.dry_run = given.dry_run != 0;
    wanted.all_or_nothing = given.all_or_nothing != 0;
    if (given.chunk_rows != 0) wanted.chunk_rows = given.chunk_rows;
    wanted.cause = member(given.cause);
    if (given.encoding != nullptr) wanted.encoding = kith::parse_encoding(given.encoding);
    if (given.rejects_path != nullptr) wanted.rejects = kith::file_sink(given.rejects_path);
    if (given.progress != nullptr) {
      wanted.progress = [&given](std::int64_t rows, std::int64_t bytes, std::int64_t total) {
        return given.progress(given.context, rows, bytes, total) == 0;
      };
    }
    auto source = kith::file_source(std::string(text_of(&need(path, "path"), path_size, "path")));
    give(out, kith::to_json(kith::import_csv(actor, std::move(source), plan, wanted)));
  });
}

int32_t kith_table_to_csv(const kith_table* table, const kith_csv_options* options, kith_text** out,
                          kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    std::string text;
    kith::CsvWriter csv([&](std::string_view bytes) { text += bytes; }, csv_options(options));
    kith::write_csv(*need(table, "table").table, csv);
    csv.finish();
    give(out, std::move(text));
  });
}

int32_t kith_export_csv(const kith_reader* reader, const char* entity, const kith_query* query, const char* path,
                        size_t path_size, const kith_csv_options* options, int64_t* rows, kith_error* error) {
  return guarded(error, [&] {
    const kith::Reader& from = reader_of(reader);
    static_cast<void>(need(path, "path"));
    const auto written = kith::export_csv_file(from, entity_of_name(from.model(), entity), query_of(query),
                                               std::string(text_of(path, path_size, "path")), csv_options(options));
    if (rows != nullptr) *rows = written;
  });
}

int32_t kith_backup(kith_session* session, const char* path, size_t size, kith_error* error) {
  return guarded(error, [&] {
    const kith::Session& from = need(session, "session").session;
    static_cast<void>(need(path, "path"));
    kith::backup(from, std::string(text_of(path, size, "path")));
  });
}

int32_t kith_dump(const kith_reader* reader, const char* path, size_t size, kith_error* error) {
  return guarded(error, [&] {
    const kith::Reader& from = reader_of(reader);
    static_cast<void>(need(path, "path"));
    kith::dump_file(from, std::string(text_of(path, size, "path")));
  });
}

int32_t kith_load(const char* path, size_t path_size, const char* url, size_t url_size, const kith_options* options,
                  kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(path, "path"));
    static_cast<void>(need(url, "url"));
    kith::load_file(std::string(text_of(path, path_size, "path")), std::string(text_of(url, url_size, "url")),
                    kith::model(), options_of(options));
  });
}

int32_t kith_digest(kith_session* session, char out[65], kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const std::string digits = kith::to_hex(kith::state_digest(need(session, "session").session));
    std::memcpy(out, digits.c_str(), digits.size() + 1);
  });
}

int32_t kith_create_stream(kith_work* work, const char* entity, struct ArrowArrayStream* stream, kith_table** ids,
                           kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    ArrowArrayStream& given = need(stream, "stream");
    const auto made = kith::create_from_arrow(open, entity_of_name(open.model(), entity), &given);
    if (ids == nullptr) return;
    std::vector<kith::Column> data(1);
    data.front().reserve(made.size());
    for (const kith::Id id : made) data.front().append(id.value);
    give(ids, kith::Table({{.name = "id", .type = kith::Type::id}}, std::move(data)));
  });
}

int32_t kith_update_stream(kith_work* work, const char* entity, struct ArrowArrayStream* stream, int64_t* changed,
                           kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const kith::Entity& kind = entity_of_name(open.model(), entity);
    const std::int64_t rows = kith::update_from_arrow(open, kind, &need(stream, "stream"));
    if (changed != nullptr) *changed = rows;
  });
}

int32_t kith_find_stream(const kith_reader* reader, const char* entity, const kith_query* query,
                         struct ArrowArrayStream* out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    kith::to_arrow(from, entity_of_name(from.model(), entity), query_of(query), out);
  });
}
