// SPDX-License-Identifier: Apache-2.0
// Queries as Arrow streams: the rows and values of a table, without the table.
#include <cstring>
#include <set>

#include "kith/engine/generic.hpp"
#include "kith/interchange/arrow.hpp"
#include "support/expect_error.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

/// A stream that is read array by array.
class Reading {
 public:
  Reading(const Reader& reader, const Entity& entity, const Query& query) {
    to_arrow(reader, entity, query, &stream_);
    EXPECT_EQ(stream_.get_schema(&stream_, &schema_), 0);
  }
  explicit Reading(Table table) {
    to_arrow(std::make_shared<const Table>(std::move(table)), &stream_);
    EXPECT_EQ(stream_.get_schema(&stream_, &schema_), 0);
  }
  ~Reading() {
    schema_.release(&schema_);
    stream_.release(&stream_);
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  /// The next array; one without `release` is the end.
  ArrowArray next() {
    ArrowArray array{};
    EXPECT_EQ(stream_.get_next(&stream_, &array), 0) << stream_.get_last_error(&stream_);
    return array;
  }
  /// Every cell as text, row by row, and the lengths of the arrays.
  std::vector<std::string> rows(std::vector<std::int64_t>* lengths = nullptr) {
    std::vector<std::string> rows;
    for (;;) {
      ArrowArray array = next();
      if (array.release == nullptr) return rows;
      if (lengths != nullptr) lengths->push_back(array.length);
      for (std::int64_t row = 0; row < array.length; ++row) {
        std::string& text = rows.emplace_back();
        for (std::int64_t i = 0; i < array.n_children; ++i) text += cell(i, *array.children[i], row) + '|';
      }
      array.release(&array);
    }
  }
  std::string format(std::size_t column) const { return schema_.children[column]->format; }
  ArrowArrayStream& stream() { return stream_; }

 private:
  template <class T>
  static T at(const void* buffer, std::int64_t row) {
    T value;
    std::memcpy(&value, static_cast<const char*>(buffer) + row * static_cast<std::int64_t>(sizeof value), sizeof value);
    return value;
  }
  static bool bit(const void* buffer, std::int64_t row) {
    return ((static_cast<const unsigned char*>(buffer)[row >> 3] >> (row & 7)) & 1) != 0;
  }
  std::string cell(std::int64_t column, const ArrowArray& array, std::int64_t row) const {
    EXPECT_EQ(array.offset, 0);
    if (array.null_count != 0 && !bit(array.buffers[0], row)) return "-";
    const std::string_view kind = schema_.children[column]->format;
    if (kind == "b") return bit(array.buffers[1], row) ? "yes" : "no";
    if (kind == "tdD") return std::to_string(at<std::int32_t>(array.buffers[1], row));
    if (kind.starts_with("d:")) return std::to_string(static_cast<std::int64_t>(at<Int128>(array.buffers[1], row)));
    if (kind != "u") return std::to_string(at<std::int64_t>(array.buffers[1], row));
    const auto begin = at<std::int32_t>(array.buffers[1], row);
    const auto end = at<std::int32_t>(array.buffers[1], row + 1);
    return {static_cast<const char*>(array.buffers[2]) + begin, static_cast<std::size_t>(end - begin)};
  }

  ArrowArrayStream stream_{};
  ArrowSchema schema_{};
};

class ArrowScan : public test::StoreTest {
 protected:
  void make(int count) {
    in_work([&](Work& work) {
      Batch batch(entity_of<Customer>());
      for (int i = 0; i < count; ++i) {
        Customer customer{.name = "C" + std::to_string(i), .kind = CustomerKind::person};
        if (i % 3 != 0) customer.founded = 1900 + i % 100;
        store_row(&customer, batch);
      }
      customer::create_batch(work, batch);
    });
  }
};

TEST_P(ArrowScan, GivesTheRowsOfATable) {
  make(3'000);
  const Reader reader = session().reader();
  const Entity& entity = entity_of<Customer>();
  for (const Query& query :
       {Query{}, Query{.where = "founded > 1950", .order = {"founded desc"}, .fields = {"name", "founded"}},
        Query{.fields = {"kind"}, .limit = 1'500}, Query{.where = "name = 'nobody'"}}) {
    const auto rows = Reading(reader, entity, query).rows();
    EXPECT_EQ(rows, Reading(generic::find(reader, entity, query)).rows()) << query.where;
    EXPECT_EQ(rows.empty(), query.where == "name = 'nobody'");
  }
}

TEST_P(ArrowScan, EveryEntityStreams) {
  make(10);
  const Reader reader = session().reader();
  for (const Entity* entity : reader.model().entities()) {
    EXPECT_EQ(Reading(reader, *entity, {}).rows(), Reading(generic::find(reader, *entity)).rows()) << entity->name;
  }
}

TEST_P(ArrowScan, SeesItsSnapshotAndOutlivesItsReader) {
  make(2'000);
  auto reader = std::make_unique<Reader>(session().reader());
  Reading stream(*reader, entity_of<Customer>(), {.fields = {"name"}});
  reader.reset();
  make(5);
  EXPECT_EQ(stream.rows().size(), 2'000u);
}

TEST_P(ArrowScan, EndsWithItsWork) {
  make(2'000);
  auto work = std::make_unique<Work>(session().work());
  Reading stream(*work, entity_of<Customer>(), {.fields = {"name"}});
  work.reset();
  ArrowArray array{};
  EXPECT_NE(stream.stream().get_next(&stream.stream(), &array), 0);
  EXPECT_TRUE(std::string_view(stream.stream().get_last_error(&stream.stream())).find("ended") != std::string::npos);
}

TEST_P(ArrowScan, FaultsOfTheQueryAreToldAtOnce) {
  ArrowArrayStream stream{};
  const Reader reader = session().reader();
  EXPECT_KITH_ERROR(to_arrow(reader, entity_of<Customer>(), {.where = "nme = 'x'"}, &stream), Code::invalid, "name");
  EXPECT_EQ(stream.release, nullptr);
}

INSTANTIATE_ON_ALL_BACKENDS(ArrowScan);

TEST(ArrowScanOfMany, HoldsOneArrayAtATime) {
  const test::TemporaryFile file;
  test::TestStore store = test::open_test_store("sqlite:" + file.path());
  constexpr std::size_t kMany = 70'000;
  Work work = store.session.work();
  Batch batch(entity_of<Customer>());
  for (std::size_t i = 0; i < kMany; ++i) {
    const Customer customer{.name = "C" + std::to_string(i)};
    store_row(&customer, batch);
  }
  customer::create_batch(work, batch);
  work.commit();
  std::vector<std::int64_t> lengths;
  const Reader reader = store.session.reader();
  const auto rows = Reading(reader, entity_of<Customer>(), {.fields = {"id"}}).rows(&lengths);
  EXPECT_EQ(std::set<std::string>(rows.begin(), rows.end()).size(), kMany);
  ASSERT_GE(lengths.size(), 2u);
  for (const std::int64_t length : lengths) EXPECT_LE(length, 65'536 + 1'024);
}

/// A table longer than one array: all kinds of columns keep every row at the seam.
TEST(ArrowTable, IsCutIntoArrays) {
  Table table({{.name = "n", .type = Type::integer},
               {.name = "t"},
               {.name = "b", .type = Type::boolean},
               {.name = "d", .type = Type::date},
               {.name = "m", .type = Type::money, .currency = currency("USD")}});
  constexpr int kRows = 2 * 65'536 + 5;
  for (int i = 0; i < kRows; ++i) {
    const bool none = i % 7 == 0;
    table.add({std::int64_t{i}, none ? Value() : Value("t" + std::to_string(i)), i % 2 == 0,
               none ? Value() : Value(Date{i}), Money{i, currency("USD")}});
  }
  std::vector<std::int64_t> lengths;
  const auto rows = Reading(std::move(table)).rows(&lengths);
  EXPECT_EQ(lengths, (std::vector<std::int64_t>{65'536, 65'536, 5}));
  ASSERT_EQ(rows.size(), std::size_t{kRows});
  for (int i = 0; i < kRows; ++i) {
    const std::string number = std::to_string(i);
    const bool none = i % 7 == 0;
    ASSERT_EQ(rows[static_cast<std::size_t>(i)], number + '|' + (none ? "-" : "t" + number) + '|' +
                                                     (i % 2 == 0 ? "yes" : "no") + '|' + (none ? "-" : number) + '|' +
                                                     number + "|USD|");
  }
}

}  // namespace
}  // namespace kith
