// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/arrow.hpp"

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string>

#include "kith/base/error.hpp"

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

int digits_of_money(const Table& table, std::size_t column) {
  if (const Currency fixed = table.columns()[column].currency) return minor_digits(fixed);
  int digits = 0;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (const Currency code = table.currency(row, column)) digits = std::max(digits, minor_digits(code));
  }
  return digits;
}

std::string decimal_format(int scale) { return "d:38," + std::to_string(scale); }

std::vector<Field> fields_of(const Table& table) {
  std::vector<Field> fields;
  for (std::size_t i = 0; i < table.columns().size(); ++i) {
    const TableColumn& column = table.columns()[i];
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
        field.scale = digits_of_money(table, i);
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

/// Room in the node for `rows` values of that size.
unsigned char* room(ArrayNode& node, std::size_t bytes) { return node.owned.emplace_back(bytes).data(); }

const void* bits_of(ArrayNode& node, const Column& column) {
  unsigned char* bits = room(node, (column.size() + 7) / 8);
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.word(row) != 0) bits[row >> 3] = static_cast<unsigned char>(bits[row >> 3] | (1u << (row & 7)));
  }
  return bits;
}

const void* days_of(ArrayNode& node, const Column& column) {
  unsigned char* days = room(node, column.size() * sizeof(std::int32_t));
  for (std::size_t row = 0; row < column.size(); ++row) {
    const auto day = static_cast<std::int32_t>(column.word(row));
    std::memcpy(days + row * sizeof day, &day, sizeof day);
  }
  return days;
}

/// Widens words to 128 bits, times the factor of each row.
template <class Factor>
const void* decimals_of(ArrayNode& node, const Column& column, Factor factor) {
  unsigned char* wide = room(node, column.size() * 16);
  for (std::size_t row = 0; row < column.size(); ++row) {
    const Int128 value = static_cast<Int128>(column.word(row)) * factor(row);
    std::memcpy(wide + row * 16, &value, 16);
  }
  return wide;
}

const void* amounts_of(ArrayNode& node, const Table& table, const Field& field) {
  const Column& column = table.data(field.column);
  if (table.columns()[field.column].currency) return decimals_of(node, column, [](std::size_t) { return 1; });
  return decimals_of(node, column, [&](std::size_t row) {
    int factor = 1;
    const Currency code = column.is_null(row) ? Currency() : table.currency(row, field.column);
    for (int digits = code ? minor_digits(code) : field.scale; digits < field.scale; ++digits) factor *= 10;
    return factor;
  });
}

/// The code of every row, for a money column.
void export_currencies(const Table& table, std::size_t column, ArrowArray* out) {
  constexpr std::size_t kLetters = 3;
  const std::size_t rows = table.rows();
  auto node = std::make_unique<ArrayNode>();
  node->owned.reserve(3);
  unsigned char* valid = room(*node, (rows + 7) / 8);
  unsigned char* offsets = room(*node, (rows + 1) * sizeof(std::int32_t));
  unsigned char* letters = room(*node, rows * kLetters);
  std::size_t nulls = 0;
  std::int32_t end = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::string code = code_of(table.currency(row, column));
    if (code.size() == kLetters) {
      valid[row >> 3] = static_cast<unsigned char>(valid[row >> 3] | (1u << (row & 7)));
      std::memcpy(letters + end, code.data(), kLetters);
      end += static_cast<std::int32_t>(kLetters);
    } else {
      ++nulls;
    }
    std::memcpy(offsets + (row + 1) * sizeof end, &end, sizeof end);
  }
  node->buffers = {nulls == 0 ? nullptr : valid, offsets, letters};
  give_array(std::move(node), rows, nulls, 3, out);
}

void export_column(const std::shared_ptr<const Table>& table, const Field& field, ArrowArray* out) {
  if (field.currency) return export_currencies(*table, field.column, out);
  const Column& column = table->data(field.column);
  auto node = std::make_unique<ArrayNode>();
  node->table = table;
  if (column.null_count() != 0) node->buffers[0] = column.validity().data();
  std::int64_t buffers = 2;
  switch (table->columns()[field.column].type) {
    case Type::text:
    case Type::currency:
    case Type::bytes:
      node->buffers[1] = column.offsets().data();
      node->buffers[2] = column.bytes().data();
      buffers = 3;
      break;
    case Type::boolean: node->buffers[1] = bits_of(*node, column); break;
    case Type::date: node->buffers[1] = days_of(*node, column); break;
    case Type::decimal: node->buffers[1] = decimals_of(*node, column, [](std::size_t) { return 1; }); break;
    case Type::money: node->buffers[1] = amounts_of(*node, *table, field); break;
    case Type::id:
    case Type::integer:
    case Type::choice:
    case Type::timestamp: node->buffers[1] = column.words().data(); break;
  }
  give_array(std::move(node), column.size(), column.null_count(), buffers, out);
}

void export_rows(const std::shared_ptr<const Table>& table, const std::vector<Field>& fields, ArrowArray* out) {
  auto root = std::make_unique<ArrayNode>();
  root->children.resize(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) export_column(table, fields[i], &root->children[i]);
  give_array(std::move(root), table->rows(), 0, 1, out);
}

// --- Stream ---------------------------------------------------------------------------------------------------------

struct Stream {
  std::shared_ptr<const Table> table;
  std::vector<Field> fields;
  bool done = false;
  std::string fault;
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
    if (state.done || state.table->rows() == 0) {
      *out = {};  // a released array is the end
      return;
    }
    export_rows(state.table, state.fields, out);
    state.done = true;
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
  state->fields = fields_of(*table);
  state->table = std::move(table);
  *out = {get_schema, get_next, get_last_error, release_stream, state.release()};
}

}  // namespace kith
