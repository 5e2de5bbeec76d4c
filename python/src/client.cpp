#include "client.hpp"

#include <cstring>

namespace flatbed::python {

using namespace py::literals;

namespace {

constexpr std::string_view kShown = "the client's server";

std::shared_ptr<py::object> held(py::object object) {
  return {new py::object(std::move(object)), [](py::object* kept) {
            const py::gil_scoped_acquire acquired;
            delete kept;
          }};
}

// What the client raised. Without the server's own words the outcome is not known.
Error error_of(py::error_already_set& raised) {
  const std::string text = py::cast<std::string>(py::str(raised.value()));
  if (text.find("Code: ") != std::string::npos) return server_error(text, 0, std::string(kShown));
  return {.code = Code::kConnectionLost,
          .message = "the client says: " + text.substr(0, text.find('\n')),
          .where = {.uri = std::string(kShown)}};
}

py::dict dict_of(const ServerSettings& settings) {
  py::dict dict;
  for (const auto& [name, value] : settings) dict[py::str(name)] = value;
  return dict;
}

// The answer of a query as it comes from the client.
class ClientBytes final : public ByteSource {
 public:
  explicit ClientBytes(std::shared_ptr<py::object> stream) : stream_(std::move(stream)) {}
  ~ClientBytes() override {
    const py::gil_scoped_acquire acquired;
    try {
      stream_->attr("close")();
    } catch (py::error_already_set&) {
      // The answer was read or is given up: nothing is lost.
    }
  }
  Result<Buffer> read(size_t most, std::stop_token) override {
    const py::gil_scoped_acquire acquired;
    try {
      const std::string_view part = py::cast<py::bytes>(stream_->attr("read")(std::min(most, kMostBytes)));
      Buffer bytes = Buffer::allocate(part.size());
      std::memcpy(bytes.writable(), part.data(), part.size());
      consumed_ += part.size();
      return bytes;
    } catch (py::error_already_set& raised) {
      return error_of(raised);
    }
  }
  const std::string& uri() const noexcept override { return uri_; }
  uint64_t consumed_bytes() const noexcept override { return consumed_; }

 private:
  static constexpr size_t kMostBytes = size_t{1} << 20;
  std::shared_ptr<py::object> stream_;
  const std::string uri_{kShown};
  uint64_t consumed_ = 0;
};

class ClientCarrier final : public Carrier {
 public:
  explicit ClientCarrier(py::object client) : client_(held(std::move(client))) {}

  Result<std::unique_ptr<ByteSource>> query(const std::string& sql, const ServerSettings& settings,
                                            std::stop_token) override {
    const std::lock_guard lock(mutex_);
    const py::gil_scoped_acquire acquired;
    try {
      py::object stream = client_->attr("raw_stream")(sql, "settings"_a = dict_of(settings), "fmt"_a = "Native");
      return std::unique_ptr<ByteSource>(std::make_unique<ClientBytes>(held(std::move(stream))));
    } catch (py::error_already_set& raised) {
      return error_of(raised);
    }
  }

  Status insert(std::string_view sql, std::string_view data, const ServerSettings& settings, std::stop_token) override {
    constexpr std::string_view kBegin = "INSERT INTO ", kEnd = " FORMAT Native";
    const std::string_view table = sql.substr(kBegin.size(), sql.size() - kBegin.size() - kEnd.size());
    const std::lock_guard lock(mutex_);
    const py::gil_scoped_acquire acquired;
    try {
      client_->attr("raw_insert")("table"_a = py::str(table.data(), table.size()),
                                  "insert_block"_a = py::bytes(data.data(), data.size()),
                                  "settings"_a = dict_of(settings), "fmt"_a = "Native");
      return {};
    } catch (py::error_already_set& raised) {
      return error_of(raised);
    }
  }

 private:
  std::mutex mutex_{};  // before the GIL, which a waiting thread must not hold
  const std::shared_ptr<py::object> client_;
};

}  // namespace

std::shared_ptr<Carrier> client_carrier(py::object client) {
  return std::make_shared<ClientCarrier>(std::move(client));
}

}  // namespace flatbed::python
