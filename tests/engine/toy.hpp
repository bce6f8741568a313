// SPDX-License-Identifier: Apache-2.0
#pragma once
// A domain of one small area for testing the engine alone: boxes that people own, labels that are parts of boxes.

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kith/engine/history.hpp"
#include "kith/engine/session.hpp"

namespace kith::toy {

enum class Colour : std::int32_t { red = 1, green = 2 };

struct Box {
  Id id;
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name;
  std::optional<Id> owner;
  std::optional<Id> unit;
  Colour colour = Colour::red;
  std::optional<Amount> price;
  std::optional<Decimal> weight;
  std::optional<Id> inside;
  std::optional<std::string> code;
};

struct Label {
  Id id;
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id box;
  std::string text;
};

/// The areas: boxes and labels; employee 7 sits in unit 1, below which lies unit 2.
const Model& model();

/// Options with a clock that stands still and seeded bytes, so that equal calls give equal stores.
Options options();

/// A store of each backend, by name: "memory", "sqlite" (in a new temporary folder) or "postgres" (a
/// new tenant).
class Store {
 public:
  explicit Store(const std::string& backend);
  ~Store();
  std::shared_ptr<Engine> open() const;
  const std::string& path() const { return path_; }

 private:
  std::string backend_;
  std::string path_;
  std::string tenant_;  ///< its URL
  std::shared_ptr<Storage> memory_;
};

Box box(std::string name, std::optional<Id> owner = {}, std::optional<Id> unit = {});

/// The code of the Error that a call throws; Code::ok when it throws none.
template <class Call>
Code code_of_error(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code;
  }
  return Code::ok;
}

}  // namespace kith::toy

namespace kith {
template <>
struct Choices<toy::Colour> {
  static constexpr std::string_view names[] = {"red", "green"};
};
template <>
const Entity& entity_of<toy::Box>();
template <>
const Entity& entity_of<toy::Label>();
}  // namespace kith
