// The making of a quarantine. Enters: rejects with their raw bytes. Leaves: a folder with the rows as they stand in
// the source, why each was rejected, and the load. Invariant: until the load came to its end nothing can be replayed.
#include "pipeline/quarantine.hpp"

#include <fcntl.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "bytes/file.hpp"
#include "flatbed/bytes.hpp"
#include "flatbed/version.hpp"
#include "pipeline/json.hpp"
#include "pipeline/rejects.hpp"

namespace flatbed {
namespace {

// Everything that a replay needs and that is no secret.
std::string load_json(const QuarantineOf& load, const Layout& layout, const std::string& id) {
  std::string json;
  {
    JsonObject object(json);
    object.text("version", version());
    object.text("id", id);
    object.flag("target_is_whole", load.target_is_whole);
    object.name("plan") += load.plan;
    object.text("header", layout.header);
    object.text("newline", layout.newline);
    append_json_pairs(object.name("source_options"), layout.options);
  }
  return json + "\n";
}

// A value of JSON in one line: line ends between its tokens become spaces. One inside a text, where none may stand,
// makes it a value that cannot be kept.
std::string in_one_line(std::string value) {
  bool text = false;
  for (size_t at = 0; at < value.size(); ++at) {
    if (value[at] == '"') text = !text;
    if (text && value[at] == '\\') ++at;
    if (at >= value.size() || (value[at] != '\n' && value[at] != '\r')) continue;
    if (text) return {};
    value[at] = ' ';
  }
  return value;
}

class QuarantineSink final : public Sink {
 public:
  explicit QuarantineSink(QuarantineOf load) : load_(std::move(load)) {}

  Result<std::optional<Schema>> existing(std::stop_token) override { return std::optional<Schema>(); }

  Status open(const Schema&, const WriteRequest& request, std::stop_token) override {
    if (!request.layout) {
      return Error{.code = Code::kUsage,
                   .message = "only rows of text files can be quarantined",
                   .hint = "--rejects FILE takes the rejects of any source"};
    }
    layout_ = *request.layout;
    std::error_code ignored;
    if (!std::filesystem::exists(load_.folder, ignored)) return {};
    return Error{.code = Code::kTargetExists,
                 .message = "the quarantine exists already: " + load_.folder,
                 .where = {.uri = load_.folder},
                 .hint = "name another folder, or remove this one",
                 .side = Side::kTarget};
  }

  Status write(const Batch& batch, std::stop_token) override {
    if (!rows_) {
      if (Status status = begin(); !status) return status;
    }
    for (size_t row = 0; row < batch.rows(); ++row) {
      Error reject = reject_of(batch, row);
      // A quote that is not closed would swallow what follows, so these come last.
      if (reject.code == Code::kUnclosedQuote)
        unclosed_.push_back(std::move(reject));
      else if (Status status = keep(std::move(reject)); !status)
        return status;
    }
    return {};
  }

  Status finish(std::stop_token) override {
    if (!rows_) return {};
    for (Error& reject : unclosed_) {
      if (Status status = keep(std::move(reject)); !status) return status;
    }
    if (Status status = rows_->finish(); !status) return status;
    if (Status status = rejects_->finish(); !status) return status;
    auto file = create_bytes(in_folder(load_.folder, kLoadFile), {.compression = "none"});
    if (!file) return std::move(file).error();
    // The name of the load, from what is in the quarantine, makes the tokens of its blocks.
    if (Status status = (*file)->write(load_json(load_, layout_, hash_of(hashes_))); !status) return status;
    return (*file)->finish();
  }

  void abort() noexcept override {
    if (!rows_) return;
    rows_->abort();
    if (rejects_) rejects_->abort();
    std::error_code ignored;
    std::filesystem::remove(load_.folder, ignored);  // only if it is empty
  }

  Acknowledged acknowledged() const noexcept override { return {.rows = number_}; }

 private:
  Status begin() {
    std::error_code problem;
    std::filesystem::create_directories(load_.folder, problem);
    if (problem) {
      return system_error(Code::kWriteFailed, Side::kTarget, "cannot make the folder", load_.folder, problem.value());
    }
    auto rows = create_bytes(in_folder(load_.folder, kRowsFile), {.compression = "none"});
    if (!rows) return std::move(rows).error();
    rows_ = std::move(*rows);
    auto rejects = create_bytes(in_folder(load_.folder, kRejectsFile), {.compression = "none"});
    if (!rejects) return std::move(rejects).error();
    rejects_ = std::move(*rejects);
    return rows_->write(layout_.header);
  }

  Status keep(Error reject) {
    const auto format = layout_.options.find("format");
    if (format != layout_.options.end() && format->second == "ndjson") reject.raw = in_one_line(std::move(reject.raw));
    const std::string hash = hash_of(reject.raw);
    if (!reject.raw.empty()) {
      if (Status status = rows_->write(reject.raw + layout_.newline); !status) return status;
    }
    std::string json;
    {
      JsonObject object(json);
      object.number("row", ++number_);
      object.flag("kept", !reject.raw.empty());
      object.text("hash", hash);
      reject.raw.clear();
      object.name("reject") += to_json(reject);
    }
    hashes_ += json;
    if (hashes_.size() > kMostHashed) hashes_ = hash_of(hashes_);
    return rejects_->write(json + "\n");
  }

  static constexpr size_t kMostHashed = size_t{1} << 20;
  const QuarantineOf load_;
  Layout layout_{};
  std::unique_ptr<ByteSink> rows_{}, rejects_{};
  std::vector<Error> unclosed_{};
  std::string hashes_{};  // what the quarantine holds, hashed now and then
  uint64_t number_ = 0;
};

}  // namespace

std::string in_folder(const std::string& folder, const std::string& name) {
  return (std::filesystem::path(folder) / name).string();
}

std::string hash_of(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  char digits[33];
  std::snprintf(digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return digits;
}

Status append_durably(const std::string& path, std::string_view bytes) {
  const auto failed = [&] {
    return system_error(Code::kWriteFailed, Side::kTarget, "cannot write the file", path, errno);
  };
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!file) return failed();
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.number(), bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) return failed();
    if (count > 0) bytes.remove_prefix(static_cast<size_t>(count));
  }
  if (::fsync(file.number()) != 0) return failed();
  return {};
}

std::unique_ptr<Sink> quarantine_sink(QuarantineOf load) {
  return std::make_unique<QuarantineSink>(std::move(load));
}

Status seal_quarantine(const Plan& plan, const Receipt& receipt) {
  if (receipt.rejected == 0) return {};
  std::vector<std::pair<std::string, std::string>> types;
  for (const Field& field : receipt.schema.fields) {
    const auto renamed = std::ranges::find_if(plan.rename, [&](const auto& pair) { return pair.second == field.name; });
    types.emplace_back(renamed == plan.rename.end() ? field.name : renamed->first, to_string(field.type));
  }
  std::string json;
  {
    JsonObject object(json);
    append_json_pairs(object.name("loaded_types"), types);
  }
  return append_durably(in_folder(plan.quarantine, kReplaysFile), json + "\n");
}

}  // namespace flatbed
