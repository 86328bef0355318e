using SurveyDispatcher.Storage;

namespace SurveyDispatcher.Tests.Storage;

/// <summary>The vectors of the authors' own program: key 00 to 0f, texts 00, 00 01, ...</summary>
public sealed class SipHashTests
{
    private static readonly SipHash Hash = new([.. Enumerable.Range(0, SipHash.KeySize).Select(i => (byte)i)]);

    [Theory]
    [InlineData(0, 0x726fdb47dd0e0e31)]
    [InlineData(1, 0x74f839c593dc67fd)]
    [InlineData(7, 0xab0200f58b01d137)]
    [InlineData(8, 0x93f5f5799a932462)]
    [InlineData(15, 0xa129ca6149be45e5)]
    public void It_makes_64_bits_as_its_authors_do(int length, ulong expected) => Assert.Equal(expected, Hash.Of(Text(length)));

    [Theory]
    [InlineData(0, "a3817f04ba25a8e66df67214c7550293")]
    [InlineData(1, "da87c1d86b99af44347659119b22fc45")]
    [InlineData(15, "5493e99933b0a8117e08ec0f97cfc3d9")]
    public void It_makes_128_bits_as_its_authors_do(int length, string expected)
    {
        var hash = Hash.LongOf(Text(length));
        var bytes = BitConverter.GetBytes((ulong)(hash >> 64)).Concat(BitConverter.GetBytes((ulong)(hash & ulong.MaxValue)));
        Assert.Equal(expected, Convert.ToHexStringLower([.. bytes]));
    }

    private static byte[] Text(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)i)];
}
