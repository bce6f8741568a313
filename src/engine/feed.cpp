// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/feed.hpp"

#include "base/quote.hpp"
#include "engine/archived.hpp"
#include "engine/internal.hpp"
#include "kith/base/text.hpp"

namespace kith::history {
namespace {

Consumer consumer_named(const Reader& reader, std::string_view name) {
  const auto consumers = reader.as_system("feed").list<Consumer>();
  std::vector<std::string_view> names;
  for (const Consumer& one : consumers) {
    if (one.name == name) {
      if (one.principal == reader.actor().id ||
          rights_of(reader).level(entity_of<Principal>(), Action::administer) == Level::all) {
        return one;
      }
      throw Error(Code::denied, "consumer", "principal",
                  "consumer " + quote(name) + " belongs to somebody else; only an administrator may use it for them");
    }
    names.push_back(one.name);
  }
  throw Error(Code::not_found, "consumer", "name", "there is no consumer " + quote(name) + "." + suggest(name, names));
}

/// A position from which every change behind it can be read.
void require_readable(const Reader& reader, std::int64_t position) {
  const std::int64_t last = Inside::state(reader).head.last_change;
  if (position < 0 || position > last) {
    throw Error(Code::invalid, "consumer", "position",
                "is " + std::to_string(position) + "; the last change is " + std::to_string(last));
  }
  require_not_archived(reader, position);
}

void move(Work& work, Consumer consumer, std::int64_t position) {
  consumer.position = position;
  work.trusted([&] { work.update(consumer); });
}

}  // namespace

Id subscribe(Work& work, std::string_view name, std::int64_t after) {
  work.require(Action::create, entity_of<Consumer>());
  const auto base = last_archive(work);
  if (after == 0 && base) after = base->last_change;
  require_readable(work, after);
  Consumer consumer;
  consumer.name = name;
  consumer.principal = work.actor().id;
  consumer.position = after;
  return work.trusted([&] { return work.create(consumer); });
}

void unsubscribe(Work& work, std::string_view name) {
  const Consumer consumer = consumer_named(work, name);
  work.trusted([&] { work.remove<Consumer>(consumer.id, consumer.revision); });
}

Unread unread(const Reader& reader, std::string_view name, std::size_t most) {
  if (most == 0) throw Error(Code::invalid, "consumer", "most", "is 0; ask for one change or more");
  const Consumer consumer = consumer_named(reader, name);
  require_not_archived(reader, consumer.position);
  FeedScan scan = scan_feed(reader, consumer.position, most, entity_of<Consumer>().name);
  // What the actor may not see is passed over for good; a consumer's own steps alone move nothing.
  return {.changes = std::move(scan.changes), .next = std::max(scan.last, consumer.position)};
}

void acknowledge(Work& work, std::string_view name, std::int64_t position) {
  Consumer consumer = consumer_named(work, name);
  require_readable(work, position);
  if (position < consumer.position) {
    throw Error(Code::state, "consumer", "position",
                "change " + std::to_string(position) + " lies behind " + std::to_string(consumer.position) +
                    ", which is acknowledged already; rewind goes back");
  }
  if (position != consumer.position) move(work, std::move(consumer), position);
}

void rewind(Work& work, std::string_view name, std::int64_t position) {
  Consumer consumer = consumer_named(work, name);
  require_readable(work, position);
  if (position != consumer.position) move(work, std::move(consumer), position);
}

}  // namespace kith::history
