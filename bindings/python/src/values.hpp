// SPDX-License-Identifier: Apache-2.0
#pragma once
// Values between Python and Kith. Exact both ways: decimals travel as text, never as floats.

#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "kith/engine/generic.hpp"
#include "kith/kith.hpp"

namespace kith::python {

namespace py = pybind11;

/// None, bool, int, str, Decimal, kith.Money, date and aware datetime. A float, or a datetime without a zone, is a
/// TypeError that says what to use instead.
Value from_python(py::handle object);
py::object to_python(const Value& value);
/// A value that was read. Error{corrupt} names the field and `place`, "customer 7", of text that is no UTF-8, which
/// Python cannot hold.
py::object read_value(const Value& value, const std::string& entity, std::string_view field, const std::string& place);
Parameters parameters_from(const py::dict& values);
/// Sets fields of a record by name. With `faults` those of all fields are gathered there, wrong types too.
void fill(Record& record, const py::dict& values, std::vector<Violation>* faults = nullptr);
/// All fields of a record by name.
py::dict to_dict(const Record& record);

/// A Decimal argument given as Decimal, int or str.
Decimal decimal_from(py::handle object);
Date date_from(py::handle object);
std::optional<Timestamp> timestamp_from(py::handle object);
/// An amount of the store's currency given as kith.Money, Decimal, int or str.
Amount amount_from(py::handle object, Currency currency);

/// Throws kith::Error as the class of its code in kith.errors.
void register_errors();

}  // namespace kith::python
