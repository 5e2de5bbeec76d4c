// Enters: a source. Leaves: a connector that gives it out once; copies of the connector share it.
#include "pipeline/given.hpp"

namespace flatbed {

Connector given_connector(std::unique_ptr<Source> source) {
  auto shared = std::make_shared<std::unique_ptr<Source>>(std::move(source));
  auto take = [shared](const Uri&, const Options&) -> Result<std::unique_ptr<Source>> {
    if (*shared) return std::move(*shared);
    return Error{.code = Code::kUsage, .message = "the source was used before", .hint = "a stream is read once"};
  };
  return {.name = "given",
          .schemes = {"given"},
          .summary = "A source that the program made",
          .make_source = std::move(take)};
}

}  // namespace flatbed
