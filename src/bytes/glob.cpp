// Names of files from a pattern. Enters: a path or a glob. Leaves: the files, sorted by bytes. Invariant: the order
// does not depend on the locale or on the file system.
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "bytes/file.hpp"

namespace flatbed {
namespace {

Error nothing_matches(const std::string& pattern) {
  return {.code = Code::kNotFound,
          .message = "no file matches the pattern: " + pattern,
          .where = {.uri = pattern},
          .expected = "at least one file",
          .hint = "check the pattern; it starts at the working directory, and * does not match / or a leading dot",
          .side = Side::kSource};
}

bool exists(const std::string& path) noexcept {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0;
}

}  // namespace

Result<std::vector<std::string>> expand_glob(std::string_view text) {
  const std::string pattern(text);
  // A file may be called "a[1].csv"; the name of an existing file is never a pattern.
  if (pattern.find_first_of("*?[") == std::string::npos || exists(pattern)) return std::vector{pattern};
  if (pattern.find("**") != std::string::npos)
    return Error{.code = Code::kUsage,
                 .message = "the pattern ** is not supported: " + pattern,
                 .where = {.uri = pattern},
                 .expected = "*, ? and [...] within one folder's name",
                 .hint = "write one * for each level of folders, as in data/*/*.csv",
                 .side = Side::kSource};
  glob_t found{};
  const std::unique_ptr<glob_t, void (*)(glob_t*)> guard(&found, ::globfree);
  const int outcome = ::glob(pattern.c_str(), GLOB_ERR | GLOB_MARK | GLOB_NOSORT, nullptr, &found);
  if (outcome == GLOB_NOMATCH) return nothing_matches(pattern);
  if (outcome != 0)
    return system_error(Code::kReadFailed, Side::kSource, "cannot list the folders of the pattern", pattern,
                        outcome == GLOB_NOSPACE ? ENOMEM : errno);
  std::vector<std::string> paths;
  for (size_t at = 0; at < found.gl_pathc; ++at)
    if (std::string path = found.gl_pathv[at]; path.back() != '/') paths.push_back(std::move(path));
  if (paths.empty()) return nothing_matches(pattern);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace flatbed
