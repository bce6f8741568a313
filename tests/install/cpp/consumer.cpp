// SPDX-License-Identifier: Apache-2.0
// Uses the installed library as a stranger would: public headers, the link line of the package, nothing else.

#include <cstdlib>
#include <iostream>

#include "kith/base/error.hpp"
#include "kith/base/money.hpp"
#include "kith/base/time.hpp"

int main() {
  const kith::Money price = kith::parse_money("19.99", kith::currency("USD"));
  if (kith::to_string(kith::add(price, price)) != "39.98") return EXIT_FAILURE;
  if (kith::to_string(kith::parse_date("2017-03-01")) != "2017-03-01") return EXIT_FAILURE;
  try {
    kith::parse_money("19.999", kith::currency("USD"));
  } catch (const kith::Error& error) {
    std::cout << error.what() << '\n';
    return error.code == kith::Code::invalid ? EXIT_SUCCESS : EXIT_FAILURE;
  }
  return EXIT_FAILURE;
}
