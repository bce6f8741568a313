// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A sorted map whose copies share everything: copying one costs a pointer, writing to one copies only the path from
/// the root to the leaf that changes. Every node carries the stamp of the writer that made it; a writer changes nodes
/// of its own stamp in place. Snapshots, rollback and savepoints of the memory backend are kept copies.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace kith {

/// Readers of different copies need no lock; one copy is written by one thread with a stamp that no other copy's
/// writer has ever used.
template <class Key, class Value>
class Tree {
 public:
  std::size_t size() const { return size_; }

  /// The value of a key, or null. Valid until the next write to this copy.
  const Value* find(const Key& key) const {
    const Node* node = root_.get();
    while (node != nullptr && !node->children.empty()) node = node->children[child_of(*node, key)].get();
    if (node == nullptr) return nullptr;
    const std::size_t place = lower_bound(*node, key);
    return place < node->keys.size() && node->keys[place] == key ? &node->values[place] : nullptr;
  }

  /// False, and nothing done, when the key is there.
  bool insert(const Key& key, Value value, std::uint64_t stamp) {
    if (root_ == nullptr) {
      root_ = std::make_shared<Node>();
      root_->stamp = stamp;
    } else if (find(key) != nullptr) {
      return false;
    }
    if (auto sibling = insert_into(root_, key, std::move(value), stamp)) {
      auto top = std::make_shared<Node>();
      top->stamp = stamp;
      top->keys = {root_->keys.front(), sibling->keys.front()};
      top->children = {std::move(root_), std::move(sibling)};
      root_ = std::move(top);
    }
    ++size_;
    return true;
  }

  /// Replaces the value of a key that is there.
  void replace(const Key& key, Value value, std::uint64_t stamp) {
    Node* node = own(root_, stamp);
    while (!node->children.empty()) node = own(node->children[child_of(*node, key)], stamp);
    node->values[lower_bound(*node, key)] = std::move(value);
  }

  /// Removes a key that is there.
  void erase(const Key& key, std::uint64_t stamp) {
    if (erase_from(root_, key, stamp)) root_.reset();
    while (root_ != nullptr && root_->children.size() == 1) root_ = std::shared_ptr<Node>(root_->children.front());
    --size_;
  }

 private:
  struct Node {
    std::uint64_t stamp = 0;
    std::vector<Key> keys;  ///< of a leaf: its keys; of an inner node: a lower bound of each child's keys
    std::vector<Value> values;
    std::vector<std::shared_ptr<Node>> children;  ///< empty in a leaf
  };

 public:
  /// Goes through one copy in key order; keeps what it walks over alive.
  class Walk {
   public:
    Walk() = default;
    /// From the first key that is not less than `from`.
    Walk(const Tree& tree, const Key& from) : root_(tree.root_) { seek(from); }
    explicit Walk(const Tree& tree) : root_(tree.root_) {
      if (root_ != nullptr) descend(root_.get());
    }

    bool done() const { return path_.empty(); }
    const Key& key() const { return path_.back().node->keys[path_.back().place]; }
    const Value& value() const { return path_.back().node->values[path_.back().place]; }
    void next() {
      ++path_.back().place;
      settle();
    }
    /// Jumps to the first key that is not less than `from`.
    void seek(const Key& from) {
      path_.clear();
      const Node* node = root_.get();
      if (node == nullptr) return;
      while (!node->children.empty()) {
        const std::size_t place = child_of(*node, from);
        path_.push_back({node, place});
        node = node->children[place].get();
      }
      path_.push_back({node, lower_bound(*node, from)});
      settle();
    }

   private:
    struct Step {
      const Node* node;
      std::size_t place;
    };
    void descend(const Node* node) {
      for (; !node->children.empty(); node = node->children.front().get()) path_.push_back({node, 0});
      path_.push_back({node, 0});
    }
    /// Climbs while the end of a node is reached, then goes down to the next leaf.
    void settle() {
      while (!path_.empty() && path_.back().place >= path_.back().node->keys.size()) {
        path_.pop_back();
        if (!path_.empty()) ++path_.back().place;
      }
      if (path_.empty() || path_.back().node->children.empty()) return;
      const Node* child = path_.back().node->children[path_.back().place].get();
      descend(child);
    }

    std::shared_ptr<const Node> root_;
    std::vector<Step> path_;
  };

 private:
  static constexpr std::size_t kMost = 64;  ///< keys in a node

  static std::size_t lower_bound(const Node& node, const Key& key) {
    return static_cast<std::size_t>(std::lower_bound(node.keys.begin(), node.keys.end(), key) - node.keys.begin());
  }
  static std::size_t child_of(const Node& node, const Key& key) {
    const auto after = std::upper_bound(node.keys.begin(), node.keys.end(), key) - node.keys.begin();
    return after == 0 ? 0 : static_cast<std::size_t>(after - 1);
  }
  static Node* own(std::shared_ptr<Node>& link, std::uint64_t stamp) {
    if (link->stamp != stamp) {
      link = std::make_shared<Node>(*link);
      link->stamp = stamp;
    }
    return link.get();
  }

  /// The new right sibling when the node had to be split.
  static std::shared_ptr<Node> insert_into(std::shared_ptr<Node>& link, const Key& key, Value value,
                                           std::uint64_t stamp) {
    Node* node = own(link, stamp);
    std::size_t place = 0;
    if (node->children.empty()) {
      place = lower_bound(*node, key);
      node->keys.insert(node->keys.begin() + static_cast<std::ptrdiff_t>(place), key);
      node->values.insert(node->values.begin() + static_cast<std::ptrdiff_t>(place), std::move(value));
    } else {
      place = child_of(*node, key);
      if (key < node->keys[place]) node->keys[place] = key;
      auto sibling = insert_into(node->children[place], key, std::move(value), stamp);
      if (sibling == nullptr) return nullptr;
      ++place;
      node->keys.insert(node->keys.begin() + static_cast<std::ptrdiff_t>(place), sibling->keys.front());
      node->children.insert(node->children.begin() + static_cast<std::ptrdiff_t>(place), std::move(sibling));
    }
    return node->keys.size() > kMost ? split(*node, place, stamp) : nullptr;
  }

  /// Keys mostly grow: a node that overflows at its end stays full, any other is halved.
  static std::shared_ptr<Node> split(Node& node, std::size_t place, std::uint64_t stamp) {
    const std::size_t size = node.keys.size();
    const auto at = static_cast<std::ptrdiff_t>(place == size - 1 ? size - 1 : size / 2);
    auto sibling = std::make_shared<Node>();
    sibling->stamp = stamp;
    move_tail(node.keys, sibling->keys, at);
    if (node.children.empty()) {
      move_tail(node.values, sibling->values, at);
    } else {
      move_tail(node.children, sibling->children, at);
    }
    return sibling;
  }

  template <class T>
  static void move_tail(std::vector<T>& from, std::vector<T>& to, std::ptrdiff_t at) {
    to.assign(std::make_move_iterator(from.begin() + at), std::make_move_iterator(from.end()));
    from.erase(from.begin() + at, from.end());
  }

  /// True when the node is empty now.
  static bool erase_from(std::shared_ptr<Node>& link, const Key& key, std::uint64_t stamp) {
    Node* node = own(link, stamp);
    std::size_t place = 0;
    if (node->children.empty()) {
      place = lower_bound(*node, key);
      node->values.erase(node->values.begin() + static_cast<std::ptrdiff_t>(place));
    } else {
      place = child_of(*node, key);
      if (!erase_from(node->children[place], key, stamp)) return false;
      node->children.erase(node->children.begin() + static_cast<std::ptrdiff_t>(place));
    }
    node->keys.erase(node->keys.begin() + static_cast<std::ptrdiff_t>(place));
    return node->keys.empty();
  }

  std::shared_ptr<Node> root_;
  std::size_t size_ = 0;
};

}  // namespace kith
