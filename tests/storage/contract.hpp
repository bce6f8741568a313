// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the contract tests share: the backends they run over, and a reader that does what a backend did not take.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kith/storage/storage.hpp"
#include "storage/sample.hpp"
#include "support/temp_dir.hpp"

namespace kith_test {

/// A way to make a store. `open` may be called again for the same store where `durable`.
struct Backend {
  std::string name;
  bool durable = false;
  std::function<std::shared_ptr<kith::Storage>(const TempDir&, const kith::StorageOptions&)> open;
};
const std::vector<Backend>& backends();

/// The rows of a scan as structs; conditions, order and limit that the backend left are done here.
std::vector<Sample> samples_of(kith::Transaction& transaction, kith::Scan scan);
std::vector<std::int64_t> ids_of(kith::Transaction& transaction, kith::Scan scan);
/// All rows in the order of their ids.
std::vector<Sample> all_samples(kith::Transaction& transaction);

inline kith::Scan scan_where(std::vector<kith::Condition> where) {
  kith::Scan scan;
  scan.entity = &sample();
  scan.where = std::move(where);
  return scan;
}

class Contract : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    storage_ = open();
    ASSERT_TRUE(storage_->fresh());
    storage_->prepare(sample_entities());
    ASSERT_FALSE(storage_->fresh());
    connection_ = storage_->connect();
  }

  std::shared_ptr<kith::Storage> open(const kith::StorageOptions& options = {.busy_ms = 50}) {
    return GetParam().open(directory_, options);
  }
  std::unique_ptr<kith::Transaction> read() { return connection_->begin(kith::Access::read); }
  std::unique_ptr<kith::Transaction> write() { return connection_->begin(kith::Access::write); }

  /// Commits some rows.
  void given(const std::vector<Sample>& samples) {
    const auto transaction = write();
    transaction->insert(sample(), batch_of(samples));
    transaction->commit();
  }
  std::vector<Sample> stored() { return all_samples(*read()); }

  TempDir directory_;
  std::shared_ptr<kith::Storage> storage_;
  std::unique_ptr<kith::Connection> connection_;
};

inline std::string backend_name(const testing::TestParamInfo<Backend>& info) { return info.param.name; }

}  // namespace kith_test
