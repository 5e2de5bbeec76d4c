// Packed files: what comes out is what went in, or an error.
#include <archive.h>
#include <archive_entry.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "bytes/archive.hpp"
#include "bytes/temporary_folder.hpp"
#include "flatbed/bytes.hpp"

using namespace flatbed;

namespace {

using Members = std::vector<std::pair<std::string, std::string>>;

struct Packer {
  int (*format)(struct archive*);
  int (*filter)(struct archive*);
  const char* options = nullptr;
};

la_ssize_t append(struct archive*, void* to, const void* bytes, size_t size) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

std::string packed(const Packer& packer, const Members& members, const char* password = nullptr) {
  std::string bytes;
  struct archive* const out = archive_write_new();
  REQUIRE(packer.format(out) == ARCHIVE_OK);
  REQUIRE(packer.filter(out) == ARCHIVE_OK);
  archive_write_set_bytes_in_last_block(out, 1);
  if (packer.options) REQUIRE(archive_write_set_options(out, packer.options) == ARCHIVE_OK);
  if (password) REQUIRE(archive_write_set_passphrase(out, password) == ARCHIVE_OK);
  REQUIRE(archive_write_open(out, &bytes, nullptr, append, nullptr) == ARCHIVE_OK);
  for (const auto& [name, text] : members) {
    struct archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, name.ends_with('/') ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
    REQUIRE(archive_write_header(out, entry) == ARCHIVE_OK);
    archive_write_data(out, text.data(), text.size());
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
  return bytes;
}

constexpr Packer kZip = {archive_write_set_format_zip, archive_write_add_filter_none};
constexpr Packer kTar = {archive_write_set_format_ustar, archive_write_add_filter_none};
constexpr Packer kTarGzip = {archive_write_set_format_ustar, archive_write_add_filter_gzip};
constexpr std::pair<const char*, Packer> kStreams[] = {
    {"gzip", {archive_write_set_format_raw, archive_write_add_filter_gzip}},
    {"zstd", {archive_write_set_format_raw, archive_write_add_filter_zstd}},
    {"lz4", {archive_write_set_format_raw, archive_write_add_filter_lz4}},
    {"xz", {archive_write_set_format_raw, archive_write_add_filter_xz}},
    {"bzip2", {archive_write_set_format_raw, archive_write_add_filter_bzip2}},
};

std::string lines(int count) {
  std::string text;
  uint32_t state = 7;
  for (int at = 0; at < count; ++at) {
    state = state * 1664525 + 1013904223;
    text += std::to_string(at) + "," + std::to_string(state) + "\n";
  }
  return text;
}

Result<std::string> drained(Result<std::unique_ptr<ByteSource>> source, size_t most = 10000) {
  if (!source) return std::move(source).error();
  std::string all;
  for (;;) {
    Result<Buffer> part = (*source)->read(most, {});
    if (!part) return std::move(part).error();
    if (part->empty()) break;
    REQUIRE(part->size() <= most);
    all += part->text();
  }
  CHECK((*source)->consumed_bytes() == (*source)->total_bytes().value_or((*source)->consumed_bytes()));
  return all;
}

// Reads from memory, which cannot seek, as a pipe cannot.
Result<std::string> piped(std::string_view bytes, const ReadFileOptions& options = {}) {
  return drained(unpack(memory_bytes(bytes, "pipe"), options, {}));
}

}  // namespace

TEST_SUITE("bytes") {
  TEST_CASE("archive: each compression, from a file and from a pipe, told by content") {
    const TemporaryFolder folder;
    const std::string text = lines(20000);
    for (const auto& [name, packer] : kStreams) {
      CAPTURE(name);
      const std::string bytes = packed(packer, {{"x", text}});
      CHECK(bytes.size() < text.size());
      CHECK((*drained(open_bytes(folder.put("no_ending", bytes))) == text));
      CHECK((*drained(open_bytes(folder.put("no_ending", bytes)), 1000000) == text));
      CHECK((*piped(bytes) == text));
      CHECK(*drained(open_bytes(folder / "no_ending", {.compression = "none"})) == bytes);
      // Files joined with cat are one file.
      CHECK((*piped(bytes + packed(packer, {{"x", "more\n"}})) == text + "more\n"));
    }
  }
  TEST_CASE("archive: text that only begins like something packed is text") {
    for (const std::string& text :
         {std::string("BZh9,rate\n1,2\n"), std::string("PK,name\n1,2\n"), std::string("\x1f,2\n"),
          std::string(257, 'x') + "ustar" + std::string(600, 'y'), std::string()})
      CHECK((*piped(text) == text));
  }
  TEST_CASE("archive: data that is cut short anywhere never passes for whole") {
    const std::string text = lines(3000);
    for (const auto& [name, packer] : kStreams) {
      CAPTURE(name);
      const std::string bytes = packed(packer, {{"x", text}});
      for (size_t size = 12; size < bytes.size(); size += 1 + bytes.size() / 50) {
        const auto cut = piped(std::string_view(bytes).substr(0, size));
        REQUIRE(!cut.ok());
        CHECK(cut.error().code == Code::kBadCompression);
        CHECK(cut.error().where.byte.has_value());
      }
      REQUIRE(!piped(std::string_view(bytes).substr(0, bytes.size() - 1)).ok());
    }
  }
  TEST_CASE("archive: changed bits never pass for the original") {
    const std::string text = lines(3000);
    for (const auto& [name, packer] : kStreams) {
      CAPTURE(name);
      if (name == std::string_view("zstd")) continue;  // the writer here leaves its checksum out
      const std::string bytes = packed(packer, {{"x", text}});
      for (size_t at = 10; at < bytes.size(); at += 1 + bytes.size() / 60) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ 4);
        const auto read = piped(changed);
        if (read.ok()) CHECK((*read == text));
      }
    }
  }
  TEST_CASE("archive: what is said of damage") {
    const std::string bytes = packed(kStreams[0].second, {{"x", lines(3000)}});
    const auto cut = piped(std::string_view(bytes).substr(0, 1000));
    REQUIRE(!cut.ok());
    CHECK(cut.error().message ==
          "the gzip data is damaged or cut short near stored byte 1000: the data ends in the middle");
    CHECK(cut.error().hint == "get the file again and compare its size with the original");
    const auto tail = piped(bytes + "tail");
    REQUIRE(!tail.ok());
    CHECK(tail.error().message.ends_with(": other bytes follow the end of the data"));
    CHECK(piped(bytes + std::string(100, '\0')).ok());
  }
  TEST_CASE("archive: the one file of a zip or tar") {
    const TemporaryFolder folder;
    const std::string text = lines(5000);
    for (const Packer& packer : {kZip, kTar, kTarGzip}) {
      const std::string bytes = packed(packer, {{"data/", ""}, {"data/a.csv", text}, {"__MACOSX/data/._a.csv", "x"}});
      CHECK((*drained(open_bytes(folder.put("a", bytes))) == text));
      CHECK((*piped(bytes) == text));
    }
    CHECK((*piped(packed({kZip.format, kZip.filter, "zip:compression=store"}, {{"a.csv", text}})) == text));
    CHECK((*piped(packed(kZip, {{"a.csv.gz", packed(kStreams[0].second, {{"x", text}})}})) == text));
  }
  TEST_CASE("archive: of several files one must be named") {
    const TemporaryFolder folder;
    const Members members = {{"a.csv", "1\n"}, {"b.csv", lines(5000)}, {"\xc3\xa9t\xc3\xa9.csv", "3\n"}};
    for (const Packer& packer : {kZip, kTar, kTarGzip}) {
      const std::string bytes = packed(packer, members), path = folder.put("three", bytes);
      for (const auto& [name, text] : members) {
        CHECK((*drained(open_bytes(path, {.member = name})) == text));
        CHECK((*piped(bytes, {.member = name}) == text));
      }
      for (const auto& result : {drained(open_bytes(path)), piped(bytes)}) {
        REQUIRE(!result.ok());
        CHECK(result.error().code == Code::kUsage);
        CHECK(result.error().message == "the archive holds several files: a.csv, b.csv, \xc3\xa9t\xc3\xa9.csv");
        CHECK(result.error().hint == "choose one with member=a.csv");
      }
      const auto missing = drained(open_bytes(path, {.member = "B.csv"}));
      REQUIRE(!missing.ok());
      CHECK(missing.error().code == Code::kNotFound);
      CHECK(missing.error().message == "the archive has no member of this name: B.csv");
      CHECK(missing.error().hint == "choose one with member=b.csv");
    }
  }
  TEST_CASE("archive: many names are cut short") {
    Members members;
    for (int at = 0; at < 12; ++at) members.emplace_back("f" + std::to_string(at), "x");
    CHECK(piped(packed(kZip, members)).error().message ==
          "the archive holds several files: f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, ... (12 in all)");
  }
  TEST_CASE("archive: encrypted, empty, and a member of what is no archive") {
    const auto locked =
        piped(packed({kZip.format, kZip.filter, "zip:encryption=traditional"}, {{"a.csv", "1\n"}}, "secret"));
    REQUIRE(!locked.ok());
    CHECK(to_string(locked.error()) ==
          "FB-SRC-0104  pipe\n  the archive's member is encrypted: a.csv\n  expected: a member without a password\n"
          "  fix: unpack it with its password first, as with unzip");
    const auto empty = piped(packed(kZip, {}));
    REQUIRE(!empty.ok());
    CHECK(empty.error().message == "the archive holds no file");
    const auto plain = piped("1,2\n", {.member = "a.csv"});
    REQUIRE(!plain.ok());
    CHECK(plain.error().message == "a member is asked for, but the source is not an archive: a.csv");
    const auto wish = open_bytes("x", {.compression = "rar"});
    REQUIRE(!wish.ok());
    CHECK(wish.error().message == "files are not read with this compression: rar");
  }
  TEST_CASE("archive: damaged members are found by their checksums") {
    const std::string text = lines(5000);
    std::string bytes = packed({kZip.format, kZip.filter, "zip:compression=store"}, {{"a.csv", text}});
    bytes[bytes.size() / 2] ^= 1;
    const auto changed = piped(bytes);
    REQUIRE(!changed.ok());
    CHECK(changed.error().code == Code::kBadCompression);
    CHECK(!piped(packed(kTarGzip, {{"a.csv", text}}).substr(0, 20000)).ok());
  }
  TEST_CASE("archive: unpacking ends at the limit") {
    const std::string zeros(size_t{1} << 20, '0');
    for (const auto& [name, packer] : kStreams) {
      CAPTURE(name);
      const std::string bytes = packed(packer, {{"x", zeros}});
      CHECK(piped(bytes, {.unpack_limit = zeros.size()}).ok());
      const auto bomb = piped(bytes, {.unpack_limit = zeros.size() - 1});
      REQUIRE(!bomb.ok());
      CHECK(bomb.error().code == Code::kBombLimit);
      CHECK(bomb.error().message.ends_with("unpacks to more than the limit of 1048575 bytes"));
    }
    CHECK(piped(packed(kZip, {{"x", zeros}}), {.unpack_limit = 1000}).error().code == Code::kBombLimit);
  }
  TEST_CASE("archive: packed four times over is refused") {
    std::string bytes = "1\n";
    for (int layer = 0; layer < 3; ++layer) bytes = packed(kStreams[0].second, {{"x", bytes}});
    CHECK(*piped(bytes) == "1\n");
    const auto deep = piped(packed(kStreams[0].second, {{"x", bytes}}));
    REQUIRE(!deep.ok());
    CHECK(deep.error().code == Code::kBombLimit);
  }
}
