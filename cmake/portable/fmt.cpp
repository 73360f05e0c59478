// fmt's own definitions, once: its -dev package has them as a header, but neither its source file nor a
// static library. Every user of fmt would compile them otherwise (FMT_HEADER_ONLY), which doubles the time of
// a build.
#include <fmt/format-inl.h>

#include <locale>

// Those that its headers declare and leave to src/format.cc, of which each version has its own: fmt 8 to 12.
FMT_BEGIN_NAMESPACE
#if FMT_VERSION >= 120000
template FMT_API locale_ref::locale_ref(const std::locale&);
template FMT_API auto locale_ref::get<std::locale>() const -> std::locale;
#endif
namespace detail {
#if FMT_VERSION < 120000
template FMT_API locale_ref::locale_ref(const std::locale&);
template FMT_API auto locale_ref::get<std::locale>() const -> std::locale;
#endif
template FMT_API auto dragonbox::to_decimal(float) noexcept -> dragonbox::decimal_fp<float>;
template FMT_API auto dragonbox::to_decimal(double) noexcept -> dragonbox::decimal_fp<double>;
template FMT_API auto thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template FMT_API auto decimal_point_impl(locale_ref) -> char;
template FMT_API void buffer<char>::append(const char*, const char*);
#if FMT_VERSION < 90000
template FMT_API auto format_float(double, int, float_specs, buffer<char>&) -> int;
template FMT_API auto format_float(long double, int, float_specs, buffer<char>&) -> int;
template FMT_API auto snprintf_float(double, int, float_specs, buffer<char>&) -> int;
template FMT_API auto snprintf_float(long double, int, float_specs, buffer<char>&) -> int;
#elif FMT_VERSION >= 100000 && FMT_VERSION < 110100
template FMT_API void vformat_to(buffer<char>&, string_view, vformat_args<>::type, locale_ref);
#endif
}  // namespace detail
FMT_END_NAMESPACE
