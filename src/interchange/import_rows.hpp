// SPDX-License-Identifier: Apache-2.0
#pragma once
// From the texts of a row to the cells of a record, with everything noticed on the way.

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "engine/custom.hpp"
#include "interchange/import_lookup.hpp"
#include "kith/interchange/importer.hpp"

namespace kith {

// Counts what was noticed. A counter's address stays good.
class ImportNotes {
 public:
  std::int64_t* counter(ImportNoticeKind kind, std::string_view column, std::string_view field, std::string_view value,
                        std::string_view used);
  std::vector<ImportNotice> list() const;

 private:
  using Place = std::tuple<std::string, std::string, ImportNoticeKind>;  // column, field, kind
  std::map<Place, std::map<std::pair<std::string, std::string>, std::int64_t>> counts_;
};

// A row that can be written.
struct ImportRow {
  std::int64_t line = 0;
  std::string raw;                         // as it stood, to be given back when it is refused
  std::string key;                         // external id; "" without one
  Currency currency;                       // in which its money was read
  std::vector<std::optional<Cell>> cells;  // one for each target; nothing means: keep
  std::int64_t together = 0;               // what those rows have in common that are written together or not at all
};

class ImportRows {
 public:
  enum class Verdict { good, blank, rejected, waiting };

  // Ties the mapping to the entity, the header and the store's records. Errors: invalid with every fault.
  ImportRows(const Reader& reader, const Entity& entity, const ImportPlan& plan, std::span<const std::string> header,
             ImportNotes& notes);

  // Fills `row` (line and raw are set). `waiting`: it refers to a record of this import that is not there yet, which
  // with `last` is a fault. Problems lack their line.
  Verdict build(std::span<const CsvField> fields, bool last, ImportRow& row, std::vector<ImportProblem>& problems);

  // The store's own fields of the entity; null where there are none. Their positions follow those of the entity.
  const CustomFields* own() const { return own_.get(); }
  // Field position of each target, in the order of ImportRow::cells; the external id and its source come last.
  const std::vector<int>& fields() const { return positions_; }
  // The column that fills a field ("" for none), and the text it has in a row of cells.
  std::pair<std::string, std::string> origin(std::string_view field, std::span<const std::string> cells) const;
  // Lets later rows refer to a record of this import: the batch row that was written.
  void learn(const Batch& batch, std::size_t row, Id id);

 private:
  struct Resolved {
    std::optional<Cell> cell;  // nothing with neither fault nor waiting: keep
    std::string fault;
    bool waiting = false;
    std::vector<std::int64_t*> notes;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Target {
    const ImportTarget* spec = nullptr;
    const Field* field = nullptr;
    int position = 0;
    std::size_t column = 0;  // of the table; without meaning for a constant
    LookupTable* lookup = nullptr;
    bool own = false;  // looks up the entity that is imported
    bool cached = false;
    const std::map<std::string, std::string>* aliases = nullptr;
    std::map<std::string, std::string> folded_aliases;  // folded spelling -> spelling in the set
    std::map<std::string, std::string> folded_values;
    std::optional<Cell> constant;
    std::unordered_map<std::string, Resolved, TextHash, std::equal_to<>> cache;
  };

  std::optional<std::size_t> find_column(const std::string& name, const std::string& path,
                                         std::span<const std::string> header, std::vector<Violation>& violations);
  void add_target(const Reader& reader, const ImportTarget& spec, std::span<const std::string> header,
                  std::vector<Violation>& violations);
  void add_key(std::span<const std::string> header, std::vector<Violation>& violations);
  void note_other_columns(std::span<const std::string> header);
  LookupTable* table(const Reader& reader, const ImportLookup& spec);
  const Resolved& resolve(Target& target, const CsvField& cell, Currency currency, bool last, Resolved& scratch);
  void resolve_now(const Target& target, const CsvField& cell, Currency currency, bool last, Resolved& out);
  void convert(const Target& target, std::optional<std::string_view> given, Currency currency, bool last,
               Resolved& out);
  void look_up(const Target& target, std::string_view text, bool last, Resolved& out);
  void note(const Target& target, ImportNoticeKind kind, std::string_view value, std::string_view used, Resolved& out);

  const Entity& entity_;
  const ImportPlan& plan_;
  ImportNotes& notes_;
  Currency base_;
  std::shared_ptr<const CustomFields> own_;
  std::vector<Target> targets_;  // the currency's first: it decides how amounts are read
  std::vector<int> positions_;
  std::vector<bool> used_columns_;
  std::optional<std::size_t> key_column_;
  std::vector<std::unique_ptr<LookupTable>> tables_;
};

}  // namespace kith
