// Depthwise convolutions, and scale-shift-ReLU6, forward and backward: bfloat16, channels last, 16 channels at once.
// Needs AVX-512 with BF16. kernels.py builds and calls it.

#include <immintrin.h>
#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

typedef uint16_t bfloat16;

constexpr int LANES = 16;

static inline __m512 load(const bfloat16* values) {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)values));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

static inline void store(bfloat16* values, __m512 floats) {
    _mm256_storeu_si256((__m256i*)values, (__m256i)_mm512_cvtneps_pbh(floats));
}

// Memory of a thread for a padded plane; two at most.
static float* plane(int which, size_t count) {
    static thread_local float* planes[2] = {nullptr, nullptr};
    static thread_local size_t sizes[2] = {0, 0};
    if (sizes[which] < count) {
        std::free(planes[which]);
        planes[which] = (float*)std::aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
        sizes[which] = count;
    }
    return planes[which];
}

// Pixel (y, x) of 16 channels of a map goes to (offset + step * y, offset + step * x) of a plane of zeros.
static void place(const bfloat16* map, float* plane, int height, int width, int channels, int offset, int step,
                  int plane_height, int plane_width) {
    std::memset(plane, 0, sizeof(float) * LANES * plane_height * plane_width);
    for (int y = 0; y < height; y++) {
        const bfloat16* from = map + (size_t)y * width * channels;
        float* to = plane + LANES * ((size_t)(offset + step * y) * plane_width + offset);
        for (int x = 0; x < width; x++, from += channels, to += LANES * step) _mm512_store_ps(to, load(from));
    }
}

template <int K>
static void convolve(const float* plane, const float* filters, bfloat16* out, int height, int width, int channels,
                     int plane_width, int dilation, int stride) {
    __m512 taps[K * K];
    for (int tap = 0; tap < K * K; tap++) taps[tap] = _mm512_loadu_ps(filters + LANES * tap);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const float* from = plane + LANES * ((size_t)y * stride * plane_width + x * stride);
            __m512 sums[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
#pragma GCC unroll 5
            for (int i = 0; i < K; i++)
#pragma GCC unroll 5
                for (int j = 0; j < K; j++) {
                    const __m512 value = _mm512_load_ps(from + LANES * ((size_t)i * dilation * plane_width + j * dilation));
                    __m512& sum = sums[(i * K + j) % 2];
                    sum = _mm512_fmadd_ps(value, taps[i * K + j], sum);
                }
            store(out + ((size_t)y * width + x) * channels, _mm512_add_ps(sums[0], sums[1]));
        }
}

template <int K>
static void add_filter_gradient(const float* plane, const bfloat16* gradient, float* filters, int height, int width,
                                int channels, int plane_width, int dilation, int stride) {
    __m512 sums[K * K];
    for (int tap = 0; tap < K * K; tap++) sums[tap] = _mm512_setzero_ps();
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const float* from = plane + LANES * ((size_t)y * stride * plane_width + x * stride);
            const __m512 value = load(gradient + ((size_t)y * width + x) * channels);
#pragma GCC unroll 5
            for (int i = 0; i < K; i++)
#pragma GCC unroll 5
                for (int j = 0; j < K; j++) {
                    const float* place = from + LANES * ((size_t)i * dilation * plane_width + j * dilation);
                    sums[i * K + j] = _mm512_fmadd_ps(value, _mm512_load_ps(place), sums[i * K + j]);
                }
        }
    for (int tap = 0; tap < K * K; tap++) {
        float* sum = filters + LANES * tap;
        _mm512_storeu_ps(sum, _mm512_add_ps(sums[tap], _mm512_loadu_ps(sum)));
    }
}

extern "C" {

struct Shape {
    int count, height, width, channels, kernel, dilation, padding, stride, out_height, out_width;
};

static int plane_side(int side, int out_side, const Shape& s) {
    return std::max((out_side - 1) * s.stride + s.dilation * (s.kernel - 1) + 1, side + s.padding);
}

// map: (count, height, width, channels). filters: (channels / 16, kernel * kernel, 16).
void depthwise_forward(const bfloat16* map, const float* filters, bfloat16* out, const Shape* shape) {
    const Shape s = *shape;
    const int plane_height = plane_side(s.height, s.out_height, s), plane_width = plane_side(s.width, s.out_width, s);
    const int blocks = s.channels / LANES, taps = s.kernel * s.kernel * LANES;
    const auto convolve_any = s.kernel == 5 ? convolve<5> : convolve<3>;
#pragma omp parallel for schedule(static)
    for (int task = 0; task < s.count * blocks; task++) {
        const int picture = task / blocks, block = task % blocks;
        float* padded = plane(0, (size_t)LANES * plane_height * plane_width);
        place(map + (size_t)picture * s.height * s.width * s.channels + LANES * block, padded, s.height, s.width,
              s.channels, s.padding, 1, plane_height, plane_width);
        convolve_any(padded, filters + (size_t)block * taps,
                     out + (size_t)picture * s.out_height * s.out_width * s.channels + LANES * block, s.out_height,
                     s.out_width, s.channels, plane_width, s.dilation, s.stride);
    }
}

// mirrored: the filters, turned by half a circle. filter_gradient: as the filters.
void depthwise_backward(const bfloat16* map, const bfloat16* gradient, const float* mirrored, bfloat16* map_gradient,
                        float* filter_gradient, const Shape* shape) {
    const Shape s = *shape;
    const int plane_height = plane_side(s.height, s.out_height, s), plane_width = plane_side(s.width, s.out_width, s);
    const int reach = s.dilation * (s.kernel - 1), spread_height = s.height + reach, spread_width = s.width + reach;
    const int blocks = s.channels / LANES, taps = s.kernel * s.kernel * LANES;
    const size_t filter_count = (size_t)blocks * taps;
    std::vector<float> of_threads(filter_count * omp_get_max_threads(), 0.0f);
    const auto convolve_any = s.kernel == 5 ? convolve<5> : convolve<3>;
    const auto add_any = s.kernel == 5 ? add_filter_gradient<5> : add_filter_gradient<3>;
#pragma omp parallel for schedule(static)
    for (int task = 0; task < s.count * blocks; task++) {
        const int picture = task / blocks, block = task % blocks;
        const size_t in = (size_t)picture * s.height * s.width * s.channels + LANES * block;
        const size_t out = (size_t)picture * s.out_height * s.out_width * s.channels + LANES * block;
        float* padded = plane(0, (size_t)LANES * plane_height * plane_width);
        float* spread = plane(1, (size_t)LANES * spread_height * spread_width);
        place(map + in, padded, s.height, s.width, s.channels, s.padding, 1, plane_height, plane_width);
        place(gradient + out, spread, s.out_height, s.out_width, s.channels, reach - s.padding, s.stride,
              spread_height, spread_width);
        add_any(padded, gradient + out,
                of_threads.data() + filter_count * omp_get_thread_num() + (size_t)block * taps, s.out_height,
                s.out_width, s.channels, plane_width, s.dilation, s.stride);
        convolve_any(spread, mirrored + (size_t)block * taps, map_gradient + in, s.height, s.width, s.channels,
                     spread_width, s.dilation, 1);
    }
    for (size_t place = 0; place < filter_count; place++) {
        filter_gradient[place] = 0;
        for (size_t other = place; other < of_threads.size(); other += filter_count)
            filter_gradient[place] += of_threads[other];
    }
}

// map: (pixels, channels). scale, shift: (channels,). relu: whether what comes out lies in 0..6.
void affine_forward(const bfloat16* map, const float* scale, const float* shift, bfloat16* out, long pixels,
                    int channels, int relu) {
    const __m512 zero = _mm512_setzero_ps(), six = _mm512_set1_ps(6.0f);
#pragma omp parallel for schedule(static)
    for (long pixel = 0; pixel < pixels; pixel++)
        for (int c = 0; c < channels; c += LANES) {
            const __m512 value = load(map + pixel * channels + c);
            __m512 moved = _mm512_fmadd_ps(value, _mm512_loadu_ps(scale + c), _mm512_loadu_ps(shift + c));
            if (relu) moved = _mm512_min_ps(_mm512_max_ps(moved, zero), six);
            store(out + pixel * channels + c, moved);
        }
}

void affine_backward(const bfloat16* map, const bfloat16* gradient, const float* scale, const float* shift,
                     bfloat16* map_gradient, float* scale_gradient, float* shift_gradient, long pixels, int channels,
                     int relu) {
    const int threads = omp_get_max_threads();
    std::vector<float> of_threads((size_t)threads * 2 * channels, 0.0f);
    const __m512 zero = _mm512_setzero_ps(), six = _mm512_set1_ps(6.0f);
#pragma omp parallel
    {
        float* scales = of_threads.data() + (size_t)omp_get_thread_num() * 2 * channels;
        float* shifts = scales + channels;
#pragma omp for schedule(static)
        for (long pixel = 0; pixel < pixels; pixel++)
            for (int c = 0; c < channels; c += LANES) {
                const __m512 value = load(map + pixel * channels + c), factor = _mm512_loadu_ps(scale + c);
                __m512 come = load(gradient + pixel * channels + c);
                if (relu) {
                    const __m512 moved = _mm512_fmadd_ps(value, factor, _mm512_loadu_ps(shift + c));
                    const __mmask16 open = _mm512_cmp_ps_mask(moved, zero, _CMP_GT_OQ) &
                                           _mm512_cmp_ps_mask(moved, six, _CMP_LT_OQ);
                    come = _mm512_maskz_mov_ps(open, come);
                }
                store(map_gradient + pixel * channels + c, _mm512_mul_ps(come, factor));
                _mm512_storeu_ps(scales + c, _mm512_fmadd_ps(come, value, _mm512_loadu_ps(scales + c)));
                _mm512_storeu_ps(shifts + c, _mm512_add_ps(come, _mm512_loadu_ps(shifts + c)));
            }
    }
    for (int c = 0; c < channels; c++) {
        scale_gradient[c] = shift_gradient[c] = 0;
        for (int thread = 0; thread < threads; thread++) {
            scale_gradient[c] += of_threads[(size_t)thread * 2 * channels + c];
            shift_gradient[c] += of_threads[(size_t)thread * 2 * channels + channels + c];
        }
    }
}
}
