// The token a client shows to servers, and its renewal.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "flatbed/registry.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// A bearer token: one that stays, or one that is made anew before it expires. THREADS: every function from any thread.
class Bearer {
 public:
  explicit Bearer(TokenSource renew) : renew_(std::move(renew)) {}
  /// Returns a token that has not expired, as far as it tells itself.
  /// ERRORS: those of the source; kAuth when what it gives is no token.
  Result<std::string> current();
  /// Gives up a token that a server refused. False when the next one would be the same.
  bool refused(const std::string& token);

 private:
  Result<std::string> renewed();

  const TokenSource renew_;
  std::mutex mutex_{};  // guards what follows
  std::string token_{};
  std::optional<int64_t> renew_at_{};  // seconds since 1970
};

/// Gives the text of a file each time, for tokens that something else keeps fresh.
TokenSource token_of_file(std::string path);

/// Returns when a JSON Web Token expires, in seconds since 1970; nothing when it does not say.
std::optional<int64_t> expiry_of(std::string_view token);

}  // namespace flatbed
