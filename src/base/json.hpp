// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The JSON documents of Kith: nlohmann's, which can also be destroyed where no memory is left.
///
/// Its destructor moves what a document holds to a list of its own, so that deep documents do not recurse. That list is
/// memory, and a destructor that gets none ends the program. The documents here take it from a reserve then.

#include <cstddef>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>

namespace kith {
namespace json_memory {

/// Bytes for the list of a destructor: from the heap, else from the reserve. std::bad_alloc where that is used up: by a
/// document with tens of thousands of values.
void* take(std::size_t bytes);
void give_back(void* bytes) noexcept;

/// What documents themselves are made of: the heap alone, never the reserve. A type of our own, so that Json is one.
template <class T>
struct Allocator {
  using value_type = T;
  Allocator() = default;
  template <class U>
  Allocator(const Allocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor): what allocators are
  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T))); }
  void deallocate(T* at, std::size_t) noexcept { ::operator delete(at); }
  friend bool operator==(const Allocator&, const Allocator&) { return true; }
};
template <class Document>
struct DocumentAllocator {
  using value_type = Document;
  using is_always_equal = std::true_type;
  using propagate_on_container_move_assignment = std::true_type;
  DocumentAllocator() = default;
  Document* allocate(std::size_t count) { return static_cast<Document*>(take(count * sizeof(Document))); }
  void deallocate(Document* at, std::size_t) noexcept { give_back(at); }
  friend bool operator==(const DocumentAllocator&, const DocumentAllocator&) { return true; }
};

}  // namespace json_memory

using Json = nlohmann::basic_json<std::map, std::vector, std::string, bool, std::int64_t, std::uint64_t, double,
                                  json_memory::Allocator>;
/// Members stay in the order in which they were added.
using OrderedJson = nlohmann::basic_json<nlohmann::ordered_map, std::vector, std::string, bool, std::int64_t,
                                         std::uint64_t, double, json_memory::Allocator>;

}  // namespace kith

// The list of the destructor is a std::vector<Json>, whose allocator cannot be given otherwise.
template <>
class std::allocator<kith::Json> : public kith::json_memory::DocumentAllocator<kith::Json> {};
template <>
class std::allocator<kith::OrderedJson> : public kith::json_memory::DocumentAllocator<kith::OrderedJson> {};
