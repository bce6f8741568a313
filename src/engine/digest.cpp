// SPDX-License-Identifier: Apache-2.0
// What the chain is made of: the salted digest of a change, the digest of an erasure or a purge over all that it
// leaves of a record, and the hash of a work.
#include "engine/internal.hpp"

namespace kith {
namespace {

/// Bytes without ambiguity: words in eight bytes, texts behind their length.
class Bytestring {
 public:
  Bytestring() { bytes_.reserve(1024); }

  void word(std::int64_t word) {
    char raw[8];
    for (int i = 0; i < 8; ++i) raw[i] = static_cast<char>(static_cast<std::uint64_t>(word) >> (8 * i));
    bytes_.append(raw, 8);
  }
  void text(std::string_view text) {
    word(static_cast<std::int64_t>(text.size()));
    bytes_.append(text);
  }
  /// Fields by name and only where set, so that a field added by a later version leaves old digests as they are.
  void values(const Entity& entity, const Batch& batch, std::size_t row, const std::vector<bool>& without) {
    for (std::size_t i = 0; i < batch.columns.size(); ++i) {
      const auto field = static_cast<std::size_t>(batch.fields[i]);
      if (field >= entity.fields.size() || (!without.empty() && without[field])) continue;
      const Column& column = batch.columns[i];
      if (column.is_null(row)) continue;
      text(entity.fields[field].name);
      if (column.is_text()) {
        text(column.text(row));
      } else {
        word(column.word(row));
      }
    }
  }
  Digest digest() const { return sha256(bytes_); }

 private:
  std::string bytes_;
};

Bytestring change_head(std::string_view salt, const Entity& entity, ChangeKind kind, Id record) {
  Bytestring bytes;
  bytes.text(salt);
  bytes.text(entity.name);
  bytes.word(static_cast<std::int64_t>(kind));
  bytes.word(record.value);
  return bytes;
}

}  // namespace

Digest change_digest(std::string_view salt, const Entity& entity, ChangeKind kind, Id record, const Batch* batch,
                     std::size_t row, const std::vector<bool>& without) {
  Bytestring bytes = change_head(salt, entity, kind, record);
  if (batch != nullptr) bytes.values(entity, *batch, row, without);
  return bytes.digest();
}

Digest seal_digest(std::string_view salt, const Entity& entity, ChangeKind kind, Id record, const Sealed& sealed) {
  Bytestring bytes = change_head(salt, entity, kind, record);
  bytes.word(static_cast<std::int64_t>(sealed.earlier.size()));
  for (const ChangeRow& change : sealed.earlier) {
    bytes.word(change.id.value);
    bytes.word(change.seq);
    bytes.word(static_cast<std::int64_t>(change.kind));
  }
  bytes.word(static_cast<std::int64_t>(sealed.versions.size()));
  for (const VersionRow& version : sealed.versions) {
    bytes.word(version.to_seq.value_or(0));  // 0: the version that the erasure itself wrote
    Bytestring values;
    values.values(entity, *version.batch, version.row, sealed.without);
    const Digest digest = values.digest();
    bytes.text({reinterpret_cast<const char*>(digest.data()), digest.size()});
  }
  return bytes.digest();
}

Digest work_hash(const WorkRow& work, std::string_view previous, const std::vector<std::string_view>& digests) {
  Sha256 hash;
  const auto put_text = [&](std::string_view text) {
    hash.update(std::to_string(text.size()));
    hash.update(":");
    hash.update(text);
  };
  put_text(previous);
  put_text(std::to_string(work.id.value));
  put_text(to_string(work.recorded));
  put_text(std::to_string(work.actor.value));
  put_text(work.cause);
  put_text(work.key ? "key" : "");
  put_text(work.key.value_or(""));
  put_text(work.payload.data);
  put_text(work.result);
  put_text(std::to_string(work.changes));
  for (const std::string_view digest : digests) put_text(digest);
  return hash.digest();
}

}  // namespace kith
