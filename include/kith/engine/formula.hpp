// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Expressions over the records of a store: what `where` may name there, and the value of one for one record, with its
/// reasons. Look-ups answer from the reader's snapshot; dated rows that its actor may not see count as absent.

#include <memory>
#include <string_view>

#include "kith/engine/reader.hpp"

namespace kith {

/// The fields of an entity, each row's currency, and as dated names "entity.field" every field (but money) of the
/// entities whose rows hold from one day or moment to another and belong to one record: "membership.unit".
Scope scope_of(const Reader& reader, const Entity& entity);
/// Market rates and dated rows of the snapshot. Remembers its answers, so keep one for many rows; a question for a new
/// key or day costs a read. Lives no longer than what the reader reads from; one thread at a time.
std::unique_ptr<const Lookups> lookups_of(const Reader& reader);

/// The value of an expression for one record. Errors: as Expression; not_found for a record that is not visible.
Value evaluate(const Reader& reader, const Entity& entity, Id id, std::string_view expression,
               const Parameters& parameters = {});
/// How that value comes about. Errors: as `evaluate`.
Explanation explain(const Reader& reader, const Entity& entity, Id id, std::string_view expression,
                    const Parameters& parameters = {});
/// The same with an expression that was compiled for that entity (`scope_of(reader, entity)`), for many records.
Value evaluate(const Reader& reader, const Entity& entity, Id id, const Expression& expression);
Explanation explain(const Reader& reader, const Entity& entity, Id id, const Expression& expression);

}  // namespace kith
