// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The currencies of ISO 4217 by the digits of their minor unit.
/// Source: ISO 4217 List One (current currency and funds codes) up to amendment 179 of 2025-05-02, kept by SIX.

#include <string_view>

namespace kith::iso4217 {

inline constexpr std::string_view kTwoDigits =
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW "
    "CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR "
    "ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV "
    "MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD "
    "SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG";

inline constexpr std::string_view kNoDigits = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";

inline constexpr std::string_view kThreeDigits = "BHD IQD JOD KWD LYD OMR TND";

inline constexpr std::string_view kFourDigits = "CLF UYW";

/// Metals, units of account and test codes: the list gives no minor unit ("N.A."), so they count whole units.
inline constexpr std::string_view kNoMinorUnit = "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX";

/// Withdrawn since 2020 (List Three), all of two digits; kept because books of those years still hold them.
inline constexpr std::string_view kWithdrawn = "ANG CUC HRK SLL ZWL";

}  // namespace kith::iso4217
