// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/arrow.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "kith/base/error.hpp"
#include "kith/engine/generic.hpp"

namespace kith {
namespace {

/// Memory at the alignment that Arrow recommends.
class Buffer {
 public:
  explicit Buffer(std::size_t bytes) : lines_((bytes + sizeof(Line) - 1) / sizeof(Line) + 1) {}
  unsigned char* data() { return lines_.front().bytes; }

 private:
  struct alignas(64) Line {
    unsigned char bytes[64] = {};
  };
  std::vector<Line> lines_;
};

/// What a column of the stream is made from.
struct Field {
  std::string name;
  std::string format;
  std::size_t column = 0;
  int scale = 0;          // of decimal128
  bool currency = false;  // the currencies of a money column, not its amounts
};

std::string decimal_format(int scale) { return "d:38," + std::to_string(scale); }

/// The columns of a stream. `digits` says how many of them the money of a column has after the point.
template <class Digits>
std::vector<Field> fields_of(const std::vector<TableColumn>& columns, Digits&& digits) {
  std::vector<Field> fields;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const TableColumn& column = columns[i];
    Field field{.name = column.name, .format = "u", .column = i};
    switch (column.type) {
      case Type::id:
      case Type::integer:
      case Type::choice: field.format = "l"; break;
      case Type::boolean: field.format = "b"; break;
      case Type::decimal:
        field.scale = column.scale;
        field.format = decimal_format(field.scale);
        break;
      case Type::money:
        field.scale = digits(i);
        field.format = decimal_format(field.scale);
        break;
      case Type::date: field.format = "tdD"; break;
      case Type::timestamp: field.format = "tsu:UTC"; break;
      case Type::bytes: field.format = "z"; break;
      case Type::text:
      case Type::currency: break;
    }
    fields.push_back(field);
    if (column.type == Type::money) {
      fields.push_back({.name = column.name + "_currency", .format = "u", .column = i, .currency = true});
    }
  }
  return fields;
}

/// The most digits that the currency of any cell of a money column has after the point.
int digits_of_money(const Table& table, std::size_t column) {
  if (const Currency fixed = table.columns()[column].currency) return minor_digits(fixed);
  int digits = 0;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (const Currency code = table.currency(row, column)) digits = std::max(digits, minor_digits(code));
  }
  return digits;
}

/// The same of every record that a query finds, from a scan of their currencies alone: the type of a column must be
/// known before its first row.
int digits_of_money(const Reader& reader, const Entity& entity, Query query) {
  if (entity.roles.currency.empty()) return minor_digits(reader.currency());
  if (!query.limit) query.order.clear();
  query.fields = {std::string(entity.roles.currency)};
  const auto rows = reader.scan(entity, query);
  const int position = entity.at(entity.roles.currency);
  int digits = -1;
  std::string last = "?";
  for (Batch batch; rows->next(batch);) {
    const Column& codes = batch.column(position);
    for (std::size_t row = 0; row < codes.size(); ++row) {
      const std::string_view code = codes.text(row);
      if (code == last) continue;
      last = code;
      digits = std::max(digits, minor_digits(code.empty() ? reader.currency() : currency(code)));
    }
  }
  return digits < 0 ? minor_digits(reader.currency()) : digits;
}

// --- Schema ---------------------------------------------------------------------------------------------------------

struct SchemaNode {
  std::string name;
  std::string format;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;

  SchemaNode() = default;
  SchemaNode(const SchemaNode&) = delete;
  SchemaNode& operator=(const SchemaNode&) = delete;
  /// A consumer may have moved a child out and marked it as released.
  ~SchemaNode() {
    for (ArrowSchema& child : children) {
      if (child.release != nullptr) child.release(&child);
    }
  }
};

void release_schema(ArrowSchema* schema) {
  delete static_cast<SchemaNode*>(schema->private_data);
  schema->release = nullptr;
}

/// Fills `out`; the node's children are released with it.
void give_schema(std::unique_ptr<SchemaNode> node, ArrowSchema* out) {
  for (ArrowSchema& child : node->children) node->pointers.push_back(&child);
  *out = {};
  out->format = node->format.c_str();
  out->name = node->name.c_str();
  out->flags = ARROW_FLAG_NULLABLE;
  out->n_children = static_cast<std::int64_t>(node->children.size());
  out->children = node->pointers.empty() ? nullptr : node->pointers.data();
  out->release = release_schema;
  out->private_data = node.release();
}

void export_schema(const std::vector<Field>& fields, ArrowSchema* out) {
  auto root = std::make_unique<SchemaNode>();
  root->format = "+s";
  root->children.resize(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    auto node = std::make_unique<SchemaNode>();
    node->name = fields[i].name;
    node->format = fields[i].format;
    give_schema(std::move(node), &root->children[i]);
  }
  give_schema(std::move(root), out);
  out->flags = 0;
}

// --- Arrays ---------------------------------------------------------------------------------------------------------

struct ArrayNode {
  std::shared_ptr<const Table> table;  // owns the buffers that are not copied
  std::vector<Buffer> owned;
  std::array<const void*, 3> buffers = {};
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;

  ArrayNode() = default;
  ArrayNode(const ArrayNode&) = delete;
  ArrayNode& operator=(const ArrayNode&) = delete;
  /// A consumer may have moved a child out and marked it as released.
  ~ArrayNode() {
    for (ArrowArray& child : children) {
      if (child.release != nullptr) child.release(&child);
    }
  }
};

void release_array(ArrowArray* array) {
  delete static_cast<ArrayNode*>(array->private_data);
  array->release = nullptr;
}

void give_array(std::unique_ptr<ArrayNode> node, std::size_t length, std::size_t nulls, std::int64_t buffers,
                ArrowArray* out) {
  for (ArrowArray& child : node->children) node->pointers.push_back(&child);
  *out = {};
  out->length = static_cast<std::int64_t>(length);
  out->null_count = static_cast<std::int64_t>(nulls);
  out->n_buffers = buffers;
  out->buffers = node->buffers.data();
  out->n_children = static_cast<std::int64_t>(node->children.size());
  out->children = node->pointers.empty() ? nullptr : node->pointers.data();
  out->release = release_array;
  out->private_data = node.release();
}

/// The rows of a table that make one array. `first` is a multiple of 8, so that a byte of validity begins there.
struct Part {
  std::shared_ptr<const Table> table;
  std::size_t first = 0;
  std::size_t rows = 0;
};

/// Room in the node for so many bytes.
unsigned char* room(ArrayNode& node, std::size_t bytes) { return node.owned.emplace_back(bytes).data(); }

void set_bit(unsigned char* bits, std::size_t row) {
  bits[row >> 3] = static_cast<unsigned char>(bits[row >> 3] | (1u << (row & 7)));
}

const void* bits_of(ArrayNode& node, const Column& column, const Part& part) {
  unsigned char* bits = room(node, (part.rows + 7) / 8);
  for (std::size_t row = 0; row < part.rows; ++row) {
    if (column.word(part.first + row) != 0) set_bit(bits, row);
  }
  return bits;
}

const void* days_of(ArrayNode& node, const Column& column, const Part& part) {
  unsigned char* days = room(node, part.rows * sizeof(std::int32_t));
  for (std::size_t row = 0; row < part.rows; ++row) {
    const auto day = static_cast<std::int32_t>(column.word(part.first + row));
    std::memcpy(days + row * sizeof day, &day, sizeof day);
  }
  return days;
}

/// Widens words to 128 bits, times the factor of each row.
template <class Factor>
const void* decimals_of(ArrayNode& node, const Column& column, const Part& part, Factor factor) {
  unsigned char* wide = room(node, part.rows * 16);
  for (std::size_t row = 0; row < part.rows; ++row) {
    const Int128 value = static_cast<Int128>(column.word(part.first + row)) * factor(part.first + row);
    std::memcpy(wide + row * 16, &value, 16);
  }
  return wide;
}

/// What brings amounts of a currency to the scale of the column; 1 for none.
int factor_of(Currency code, int scale) {
  int factor = 1;
  for (int digits = code ? minor_digits(code) : scale; digits < scale; ++digits) factor *= 10;
  return factor;
}

const void* amounts_of(ArrayNode& node, const Part& part, const Field& field) {
  const Column& column = part.table->data(field.column);
  if (const Currency fixed = part.table->columns()[field.column].currency) {
    const int factor = factor_of(fixed, field.scale);
    return decimals_of(node, column, part, [factor](std::size_t) { return factor; });
  }
  return decimals_of(node, column, part, [&](std::size_t row) {
    return column.is_null(row) ? 1 : factor_of(part.table->currency(row, field.column), field.scale);
  });
}

/// The code of every row, for a money column.
void export_currencies(const Part& part, std::size_t column, ArrowArray* out) {
  constexpr std::size_t kLetters = 3;
  auto node = std::make_unique<ArrayNode>();
  node->owned.reserve(3);
  unsigned char* valid = room(*node, (part.rows + 7) / 8);
  unsigned char* offsets = room(*node, (part.rows + 1) * sizeof(std::int32_t));
  unsigned char* letters = room(*node, part.rows * kLetters);
  std::size_t nulls = 0;
  std::int32_t end = 0;
  for (std::size_t row = 0; row < part.rows; ++row) {
    const std::string code = code_of(part.table->currency(part.first + row, column));
    if (code.size() == kLetters) {
      set_bit(valid, row);
      std::memcpy(letters + end, code.data(), kLetters);
      end += static_cast<std::int32_t>(kLetters);
    } else {
      ++nulls;
    }
    std::memcpy(offsets + (row + 1) * sizeof end, &end, sizeof end);
  }
  node->buffers = {nulls == 0 ? nullptr : valid, offsets, letters};
  give_array(std::move(node), part.rows, nulls, 3, out);
}

std::size_t nulls_of(const Column& column, const Part& part) {
  if (column.null_count() == 0 || part.rows == column.size()) return column.null_count();
  std::size_t nulls = 0;
  for (std::size_t row = part.first; row < part.first + part.rows; ++row) nulls += column.is_null(row) ? 1 : 0;
  return nulls;
}

void export_column(const Part& part, const Field& field, ArrowArray* out) {
  if (field.currency) return export_currencies(part, field.column, out);
  const Column& column = part.table->data(field.column);
  auto node = std::make_unique<ArrayNode>();
  node->table = part.table;
  const std::size_t nulls = nulls_of(column, part);
  if (nulls != 0) node->buffers[0] = column.validity().data() + part.first / 8;
  std::int64_t buffers = 2;
  switch (part.table->columns()[field.column].type) {
    case Type::text:
    case Type::currency:
    case Type::bytes:
      node->buffers[1] = column.offsets().data() + part.first;
      node->buffers[2] = column.bytes().data();
      buffers = 3;
      break;
    case Type::boolean: node->buffers[1] = bits_of(*node, column, part); break;
    case Type::date: node->buffers[1] = days_of(*node, column, part); break;
    case Type::decimal: node->buffers[1] = decimals_of(*node, column, part, [](std::size_t) { return 1; }); break;
    case Type::money: node->buffers[1] = amounts_of(*node, part, field); break;
    case Type::id:
    case Type::integer:
    case Type::choice:
    case Type::timestamp: node->buffers[1] = column.words().data() + part.first; break;
  }
  give_array(std::move(node), part.rows, nulls, buffers, out);
}

void export_rows(const Part& part, const std::vector<Field>& fields, ArrowArray* out) {
  auto root = std::make_unique<ArrayNode>();
  root->children.resize(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) export_column(part, fields[i], &root->children[i]);
  give_array(std::move(root), part.rows, 0, 1, out);
}

// --- Stream ---------------------------------------------------------------------------------------------------------

constexpr std::size_t kRowsAtOnce = 65'536;  // of an array; a multiple of 8

/// The state behind a stream: a table at a time, cut into arrays.
struct Stream {
  std::vector<Field> fields;
  Part left;                              // rows of the present table that were not handed out
  std::unique_ptr<generic::Pages> pages;  // of a query that is running; none for a table at hand
  std::string fault;

  /// The next rows, at most kRowsAtOnce; none at the end.
  Part take() {
    if (left.rows == 0 && pages) {
      if (auto page = pages->next(kRowsAtOnce)) {
        left = {.table = std::make_shared<const Table>(std::move(*page)), .first = 0, .rows = 0};
        left.rows = left.table->rows();
      }
    }
    Part taken = left;
    taken.rows = std::min(left.rows, kRowsAtOnce);
    left.first += taken.rows;
    left.rows -= taken.rows;
    if (left.rows == 0) left.table.reset();
    return taken;
  }
};

Stream& state_of(ArrowArrayStream* stream) { return *static_cast<Stream*>(stream->private_data); }

/// Runs a step of the stream and turns what it throws into an errno value.
template <class Step>
int guarded(Stream& stream, Step&& step) {
  try {
    stream.fault.clear();
    step();
    return 0;
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  } catch (const std::exception& error) {
    stream.fault = error.what();
    return EIO;
  }
}

int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
  Stream& state = state_of(stream);
  return guarded(state, [&] { export_schema(state.fields, out); });
}

int get_next(ArrowArrayStream* stream, ArrowArray* out) {
  Stream& state = state_of(stream);
  return guarded(state, [&] {
    const Part part = state.take();
    *out = {};  // a released array is the end
    if (part.rows != 0) export_rows(part, state.fields, out);
  });
}

const char* get_last_error(ArrowArrayStream* stream) {
  const Stream& state = state_of(stream);
  return state.fault.empty() ? nullptr : state.fault.c_str();
}

void release_stream(ArrowArrayStream* stream) {
  delete static_cast<Stream*>(stream->private_data);
  stream->release = nullptr;
}

}  // namespace

void to_arrow(std::shared_ptr<const Table> table, ArrowArrayStream* out) {
  auto state = std::make_unique<Stream>();
  state->fields = fields_of(table->columns(), [&](std::size_t column) { return digits_of_money(*table, column); });
  state->left.rows = table->rows();
  state->left.table = std::move(table);
  *out = {get_schema, get_next, get_last_error, release_stream, state.release()};
}

void to_arrow(const Reader& reader, const Entity& entity, const Query& query, ArrowArrayStream* out) {
  auto state = std::make_unique<Stream>();
  state->pages = generic::pages(reader, entity, query);
  std::optional<int> digits;  // all money that is in the record's currency
  state->fields = fields_of(state->pages->columns(), [&](std::size_t column) {
    if (const Currency fixed = state->pages->columns()[column].currency) return minor_digits(fixed);
    if (!digits) digits = digits_of_money(reader, entity, query);
    return *digits;
  });
  *out = {get_schema, get_next, get_last_error, release_stream, state.release()};
}

}  // namespace kith
