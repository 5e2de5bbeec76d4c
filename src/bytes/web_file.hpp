// A file at an http:// or https:// address. Enters: its address. Leaves: its bytes, as often as they are wanted.
// Invariant: all bytes are those of one version of the file and none is missing, or reading ends in an error.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "bytes/http.hpp"
#include "flatbed/bytes.hpp"

namespace flatbed {

struct WebFileOptions {
  HttpOptions http{};                ///< user and password go to the host of the address alone
  std::string token{};               ///< Bearer authentication, to the host of the address alone
  unsigned redirects = 5;            ///< most that are followed
  std::vector<std::string> hosts{};  ///< "host" or "host:port" that may be asked, redirects included; empty: any
  bool insecure = false;             ///< a secret may go without TLS, and a redirect may lead away from it
  bool unknown_length = false;       ///< read also what does not say how long it is
  unsigned retries = 6;              ///< most new connections in a row that bring nothing
};

/// What a server says of a file, by which another version of it is known.
struct WebVersion {
  std::string etag{}, modified{};  ///< as the server writes them; empty: it does not say
  std::optional<uint64_t> length{};
  bool dated = false;  ///< `modified` tells versions apart: it was over when the server said it
};

/// THREADS: one owner, of the file and of what it opens.
class WebFile : public std::enable_shared_from_this<WebFile> {
 public:
  /// `url` holds no secret but in its query; `shown` names it in errors.
  WebFile(std::string url, std::string shown, WebFileOptions options);
  /// Opens the file as it is stored, from its first byte. The first call says which version is read from then on.
  /// REQUIRES: a shared_ptr holds the file. ERRORS: those of HttpClient::send(); kNotFound, kAuth, kReadFailed by
  /// status; kSourceChanged; kInsecure; kUsage when a host is not among those that may be asked.
  Result<std::unique_ptr<ByteSource>> open(std::stop_token stop);
  /// Tells whether the file can be opened again and is then known to be the same. REQUIRES: open() succeeded.
  bool repeatable() const noexcept;

 private:
  friend class WebBytes;
  Result<std::unique_ptr<HttpResponse>> request(const std::vector<std::string>& headers, std::stop_token stop) const;
  Status may_ask(const WebHost& host) const;
  Result<std::unique_ptr<HttpResponse>> whole(std::stop_token stop) const;
  Error refusal(const HttpResponse& response) const;
  Status check_readable(const HttpResponse& response) const;
  Status same_version(const WebVersion& now) const;
  Error failed(Code code, std::string message, std::string hint) const;

  const std::string url_, shown_;
  const WebFileOptions options_;
  const HttpClient with_secrets_, without_secrets_;
  std::optional<WebVersion> version_{};
};

}  // namespace flatbed
