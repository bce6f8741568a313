// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/engine/formula.hpp"

using namespace kith::c;

namespace {

/// An expression as the caller gives it, with what it is compiled against.
struct Given {
  Given(const kith_reader* handle, const char* entity_name, const kith_expression* expression)
      : reader(reader_of(handle)),
        entity(entity_of_name(reader.model(), entity_name)),
        source(read_struct(&need(expression, "expression"), "expression")),
        scope(kith::scope_of(reader, entity)),
        parameters(parameters_of(source.parameters, source.parameter_count, source.lists, source.list_count)) {
    if ((source.text == nullptr) == (source.json == nullptr)) {
      misuse("expression->text and expression->json: give one of them");
    }
    if (source.language != nullptr) scope.language = kith::parse_language(source.language);
  }

  kith::Expression compiled() const {
    return source.text != nullptr ? kith::Expression::compile(source.text, scope, parameters)
                                  : kith::Expression::from_json(source.json, scope, parameters);
  }

  const kith::Reader& reader;
  const kith::Entity& entity;
  kith_expression source;
  kith::Scope scope;
  kith::Parameters parameters;
};

}  // namespace

int32_t kith_expression_check(const kith_reader* reader, const char* entity, const kith_expression* expression,
                              kith_text** text, kith_text** json, int32_t* type, kith_error* error) {
  return guarded(error, [&] {
    const kith::Expression compiled = Given(reader, entity, expression).compiled();
    auto canonical = std::make_unique<kith_text>(kith_text{compiled.text()});
    auto tree = std::make_unique<kith_text>(kith_text{compiled.json()});
    if (type != nullptr) {
      *type = kith::is_text(compiled.type()) || compiled.type() == kith::Type::choice
                  ? KITH_TEXT
                  : static_cast<int32_t>(compiled.type());
    }
    if (text != nullptr) *text = canonical.release();
    if (json != nullptr) *json = tree.release();
  });
}

int32_t kith_expression_fault(const kith_reader* reader, const char* entity, const kith_expression* expression,
                              int64_t* position, kith_text** code, kith_text** message, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(position, "position"));
    static_cast<void>(need(code, "code"));
    static_cast<void>(need(message, "message"));
    const Given given(reader, entity, expression);
    if (given.source.text == nullptr) misuse("expression->text is NULL; a fault has its place in a text");
    const auto fault = kith::Expression::fault(given.source.text, given.scope, given.parameters);
    if (!fault) {
      *position = 0;
      *code = *message = nullptr;
      return;
    }
    auto name = std::make_unique<kith_text>(kith_text{fault->code});
    give(message, fault->text(given.scope.language));
    *code = name.release();
    *position = static_cast<int64_t>(fault->position);
  });
}

int32_t kith_expression_value(const kith_reader* reader, const char* entity, int64_t id,
                              const kith_expression* expression, kith_value* value, kith_text** text,
                              kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(value, "value"));
    static_cast<void>(need(text, "text"));
    const Given given(reader, entity, expression);
    const kith::Value found = kith::evaluate(given.reader, given.entity, {id}, given.compiled());
    give(text, kith::is_null(found) ? std::string() : kith::to_string(found));
    *value = c_value(found);
    if (value->type == KITH_TEXT) value->text = (*text)->text.c_str();
  });
}

int32_t kith_expression_explain(const kith_reader* reader, const char* entity, int64_t id,
                                const kith_expression* expression, const char* format, kith_text** out,
                                kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const std::string_view wanted = name_of(format, "format");
    if (wanted != "text" && wanted != "json") {
      throw kith::Error(kith::Code::invalid, "", "format",
                        "there is no format '" + std::string(wanted) + "'; choose text or json");
    }
    const Given given(reader, entity, expression);
    const kith::Explanation found = kith::explain(given.reader, given.entity, {id}, given.compiled());
    give(out, wanted == "json" ? found.to_json() : found.to_text(given.scope.language));
  });
}
