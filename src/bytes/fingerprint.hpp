// Files by their content. Enters: paths. Leaves: their SHA-256, and whether they are still what they were.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "flatbed/receipt.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// The files of a source, watched while they are read. THREADS: one owner; hashing runs on a thread of its own.
class WatchedFiles {
 public:
  /// Looks at the files. A pipe or device has no content to watch: such a list is watched as if it were empty.
  static Result<WatchedFiles> open(const std::vector<std::string>& paths);
  bool empty() const noexcept { return files_.empty(); }
  uint64_t bytes() const noexcept;
  /// Returns sizes, times and numbers as the system tells them: they differ once a file was written or replaced.
  std::string stamp() const;
  /// Begins to hash the files.
  void hash();
  /// Waits for the hash. Of one file it is the SHA-256 of its bytes; of several, of the list of theirs.
  /// REQUIRES: hash() was called. ERRORS: kReadFailed, kSourceChanged.
  Result<std::string> sha256();
  /// ERRORS: kSourceChanged when a file was written, cut or replaced since open().
  Status unchanged() const;
  /// Returns the files, with their hashes once sha256() has returned.
  std::vector<SourceFile> list() const;

 private:
  struct File {
    std::string path{};
    uint64_t bytes = 0, device = 0, number = 0;
    int64_t modified_ns = 0, changed_ns = 0;
    std::string sha256{};
  };
  static Result<File> look(const std::string& path, bool& regular);
  struct Work;
  std::vector<File> files_{};
  std::shared_ptr<Work> work_{};
};

}  // namespace flatbed
