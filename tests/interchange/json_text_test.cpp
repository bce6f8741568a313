// SPDX-License-Identifier: Apache-2.0
#include "interchange/json_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/expect_error.hpp"

namespace kith {
namespace {

TEST(JsonWriter, HasOneSpelling) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("b").number(-1).key("a").begin_array().boolean(true).null().text("x").end_array();
  json.key("o").begin_object().end_object().end_object().end_line();
  json.begin_object().key("t").text("\"\\/\n\r\t\x01 客戶").end_object().end_line();
  EXPECT_EQ(out,
            "{\"b\":-1,\"a\":[true,null,\"x\"],\"o\":{}}\n"
            "{\"t\":\"\\\"\\\\/\\n\\r\\t\\u0001 客戶\"}\n");
}

TEST(JsonWriter, KeepsEveryDigit) {
  std::string out;
  JsonWriter json(out);
  json.begin_array().value(Id{9'007'199'254'740'993}).value(Decimal{1'234'500, 4}).value(std::int64_t{7}).value(true);
  json.value(Value()).value(std::string("é")).end_array();
  EXPECT_EQ(out, "[\"9007199254740993\",\"123.4500\",7,true,null,\"é\"]");
}

TEST(JsonWriter, IsReadBackByAnotherParser) {
  std::string text;
  for (int c = 1; c < 128; ++c) text += static_cast<char>(c);
  std::string out;
  JsonWriter(out).begin_object().key(text).text(text).end_object();
  EXPECT_EQ(nlohmann::json::parse(out).at(text).get<std::string>(), text);
}

TEST(ParseJson, RefusesWhatWouldBeLost) {
  EXPECT_KITH_ERROR(parse_json("{\"a\": 1, \"b\": {\"a\": 1}, \"a\": 2}", "the mapping"), Code::invalid, "'a' twice");
  EXPECT_KITH_ERROR(parse_json("{\"a\": ", "the mapping"), Code::invalid,
                    "the mapping is no JSON: parse error at line 1");
  EXPECT_EQ(parse_json("{\"z\": 1, \"a\": {\"z\": 1}}", "the mapping").begin().key(), "z");
}

}  // namespace
}  // namespace kith
