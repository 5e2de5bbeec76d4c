// What others use of the file connector: its options, its dialect detection, and the rows of bytes from elsewhere.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "columns/csv_source.hpp"
#include "flatbed/dialect.hpp"
#include "flatbed/registry.hpp"

namespace flatbed {

/// Tells whether a file is read as JSON: by the format that was chosen, or by its name where that is empty or "auto".
bool is_json(const Uri& uri, std::string_view format = {});

/// Returns the dialect that options of a file choose; what they do not choose has its default.
Result<Dialect> dialect_from(const std::map<std::string, std::string>& options);

/// Returns the options of the file connector that say how to read.
std::vector<OptionSpec> reading_options();
/// Returns how the bytes of a file are unpacked.
ReadFileOptions read_file_options(const Options& options);
/// Makes the source of inputs whose format the address or the options tell. REQUIRES: at least one input.
Result<std::unique_ptr<Source>> rows_of(std::vector<CsvInput> inputs, const Uri& uri, const Options& options);

using OpenBytes = std::function<Result<std::unique_ptr<ByteSource>>(std::stop_token)>;
/// Finds the dialect of the unpacked bytes that `open` gives, as reading them would. ERRORS: kUsage when they are JSON.
Result<Dialect> sniff_file(const Uri& uri, const Options& options, const OpenBytes& open, std::stop_token stop);

/// The address of the bytes in a registry that has their connector.
constexpr const char* kBytesUri = "bytes:";
/// Makes a connector that reads `bytes` as a file with these bytes is read, without a copy.
/// LIFETIME: a null owner means the caller keeps the bytes.
Connector bytes_connector(std::string_view bytes, std::shared_ptr<const void> owner = nullptr);

}  // namespace flatbed
