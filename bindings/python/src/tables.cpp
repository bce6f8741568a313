// SPDX-License-Identifier: Apache-2.0
// Tables: columns, rows, and the Arrow stream.
#include "handles.hpp"
#include "kith/interchange/exporter.hpp"

namespace kith::python {
namespace {

py::capsule arrow_stream(const std::shared_ptr<Table>& table) {
  auto stream = std::make_unique<ArrowArrayStream>();
  to_arrow(table, stream.get());
  return arrow_capsule(std::move(stream));
}

/// Names the record where the table shows its id, else the row.
py::object cell_of(const Table& table, std::size_t row, std::size_t column) {
  try {
    return to_python(table.value(row, column));
  } catch (const Error&) {  // told below, with its place
  }
  std::string place = "row " + std::to_string(row + 1);
  for (std::size_t i = 0; i < table.columns().size(); ++i) {
    if (table.columns()[i].name == "id") place = "record " + to_string(table.value(row, i));
  }
  return read_value(table.value(row, column), "", table.columns()[column].name, place);
}

py::tuple row_of(const Table& table, std::size_t row) {
  if (row >= table.rows()) throw py::index_error("the table has " + std::to_string(table.rows()) + " rows");
  py::tuple values(table.columns().size());
  for (std::size_t i = 0; i < table.columns().size(); ++i) values[i] = cell_of(table, row, i);
  return values;
}

}  // namespace

void bind_tables(py::module_& module) {
  py::class_<generic::Pages>(module, "RawPages")
      .def("names",
           [](const generic::Pages& pages) {
             py::list names;
             for (const TableColumn& column : pages.columns()) names.append(column.name);
             return names;
           })
      .def("next", [](generic::Pages& pages, std::size_t rows) -> std::shared_ptr<Table> {
        auto page = unlocked([&] { return pages.next(rows); });
        return page ? std::make_shared<Table>(std::move(*page)) : nullptr;
      });
  py::class_<Table, std::shared_ptr<Table>>(module, "RawTable")
      .def("__len__", &Table::rows)
      .def("names",
           [](const Table& table) {
             py::list names;
             for (const TableColumn& column : table.columns()) names.append(column.name);
             return names;
           })
      .def("types",
           [](const Table& table) {
             py::list types;
             for (const TableColumn& column : table.columns()) types.append(std::string(name_of(column.type)));
             return types;
           })
      .def("row", &row_of, py::arg("index"))
      .def(
          "column",
          [](const Table& table, const std::string& name) {
            const std::size_t position = table.at(name);
            py::list values;
            for (std::size_t row = 0; row < table.rows(); ++row) values.append(cell_of(table, row, position));
            return values;
          },
          py::arg("name"))
      .def("to_csv",
           [](const Table& table, const std::string& profile, char delimiter, bool byte_order_mark) {
             std::string text;
             CsvWriter csv([&](std::string_view bytes) { text += bytes; },
                           csv_options(profile, delimiter, byte_order_mark));
             write_csv(table, csv);
             csv.finish();
             return text;
           })
      .def(
          "__arrow_c_stream__",
          [](const std::shared_ptr<Table>& table, const py::object&) { return arrow_stream(table); },
          py::arg("requested_schema") = py::none());
}

}  // namespace kith::python
