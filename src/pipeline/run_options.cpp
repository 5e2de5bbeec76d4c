// The options of a run. Enters: names and values as text. Leaves: a plan that holds them, or an error and the plan as
// it was.
#include "pipeline/run_options.hpp"

namespace flatbed {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "columns", .type = OptionType::kNames, .help = "Columns to carry, in this order; all if not given"},
    {.name = "on_reject",
     .type = OptionType::kChoice,
     .help = "What happens to a row that cannot be carried",
     .default_text = "fail",
     .choices = "fail|skip|divert"},
    {.name = "max_rejects",
     .type = OptionType::kCount,
     .help = "Rows that may be skipped or diverted; one more fails the run",
     .default_text = "1000"},
    {.name = "threads",
     .type = OptionType::kCount,
     .help = "Threads that work; 0: as many as there are cores",
     .default_text = "0"},
    {.name = "memory", .type = OptionType::kBytes, .help = "Most memory for data on the way", .default_text = "256M"},
};

constexpr uint64_t kMostThreads = 1024;

OnReject policy(const std::string& text) {
  if (text == "skip") return OnReject::kSkip;
  return text == "divert" ? OnReject::kDivert : OnReject::kFail;
}

}  // namespace

std::span<const OptionSpec> run_options() noexcept {
  return kOptions;
}

Status set_run_options(const std::map<std::string, std::string>& given, Plan& plan) {
  auto options = Options::check(kOptions, given, Use::kBoth);
  if (!options) return std::move(options).error();
  if (options->count("threads") > kMostThreads) {
    return Error{.code = Code::kBadOption,
                 .message = "option \"threads\" cannot be \"" + options->text("threads") + "\"",
                 .expected = "a whole number up to " + std::to_string(kMostThreads)};
  }
  if (options->given("columns")) plan.columns = options->names("columns");
  if (options->given("on_reject")) plan.on_reject = policy(options->text("on_reject"));
  if (options->given("max_rejects")) plan.max_rejects = options->count("max_rejects");
  if (options->given("threads")) plan.threads = static_cast<unsigned>(options->count("threads"));
  if (options->given("memory")) plan.memory_limit = options->count("memory");
  return {};
}

}  // namespace flatbed
