// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <array>
#include <functional>
#include <mutex>
#include <new>

namespace kith::json_memory {
namespace {

/// Handed out from its beginning on, and whole again as soon as nobody holds a part of it: lists of destructors live
/// for a moment.
class Reserve {
 public:
  void* take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    constexpr std::size_t kStep = alignof(std::max_align_t);
    const std::size_t wanted = (bytes + kStep - 1) / kStep * kStep;
    if (memory_.size() - used_ < wanted) return nullptr;
    void* const at = memory_.data() + used_;
    used_ += wanted;
    ++held_;
    return at;
  }

  void give_back() noexcept {
    const std::lock_guard lock(mutex_);
    if (--held_ == 0) used_ = 0;
  }

  bool holds(const void* at) const {
    const auto* const byte = static_cast<const std::byte*>(at);
    return !std::less<>()(byte, memory_.data()) && std::less<>()(byte, memory_.data() + memory_.size());
  }

 private:
  std::mutex mutex_;
  std::size_t used_ = 0;
  std::size_t held_ = 0;
  alignas(std::max_align_t) std::array<std::byte, std::size_t{1} << 20> memory_ = {};
};

Reserve& reserve() {
  static constinit Reserve all;
  return all;
}

}  // namespace

void* take(std::size_t bytes) {
  if (void* const at = ::operator new(bytes, std::nothrow)) return at;
  if (void* const at = reserve().take(bytes)) return at;
  throw std::bad_alloc();
}

void give_back(void* bytes) noexcept {
  if (reserve().holds(bytes)) return reserve().give_back();
  ::operator delete(bytes);
}

}  // namespace kith::json_memory
