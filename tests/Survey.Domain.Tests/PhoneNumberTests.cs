namespace Survey.Domain.Tests;

public class PhoneNumberTests
{
    [Theory]
    // Each market's rule: with the trunk prefix, without it, and the lengths around its ends.
    [InlineData("AU", "0412345678", "+61412345678")]
    [InlineData("AU", "412345678", "+61412345678")]
    [InlineData("AU", "41234567", null)]
    [InlineData("AU", "4123456789", null)]
    [InlineData("IN", "09876543210", "+919876543210")]
    [InlineData("IN", "9876543210", "+919876543210")]
    [InlineData("IN", "987654321", null)]
    [InlineData("IN", "98765432109", null)]
    [InlineData("CN", "13812345678", "+8613812345678")]
    [InlineData("CN", "01012345678", "+861012345678")]
    [InlineData("CN", "1012345678", "+861012345678")]
    [InlineData("CN", "101234567", null)]
    [InlineData("CN", "138123456789", null)]
    [InlineData("PH", "09171234567", "+639171234567")]
    [InlineData("PH", "21234567", "+6321234567")]
    [InlineData("PH", "2123456", null)]
    [InlineData("PH", "91712345678", null)]
    [InlineData("ZA", "0821234567", "+27821234567")]
    [InlineData("ZA", "82123456", null)]
    [InlineData("ZA", "8212345678", null)]
    [InlineData("NZ", "0211234567", "+64211234567")]
    [InlineData("NZ", "31234567", "+6431234567")]
    [InlineData("NZ", "2112345678", "+642112345678")]
    [InlineData("NZ", "3123456", null)]
    [InlineData("NZ", "21123456789", null)]
    [InlineData("TW", "0912345678", "+886912345678")]
    [InlineData("TW", "21234567", "+88621234567")]
    [InlineData("TW", "2123456", null)]
    [InlineData("TW", "9123456789", null)]
    [InlineData("ID", "081234567890", "+6281234567890")]
    [InlineData("ID", "21345678", "+6221345678")]
    [InlineData("ID", "812345678901", "+62812345678901")]
    [InlineData("ID", "2134567", null)]
    [InlineData("ID", "8123456789012", null)]
    [InlineData("VN", "0912345678", "+84912345678")]
    [InlineData("VN", "2412345678", "+842412345678")]
    [InlineData("VN", "91234567", null)]
    [InlineData("VN", "24123456789", null)]
    [InlineData("JP", "09012345678", "+819012345678")]
    [InlineData("JP", "0312345678", "+81312345678")]
    [InlineData("JP", "31234567", null)]
    [InlineData("JP", "90123456789", null)]
    public void ANationalNumberHasTheLengthOfItsMarket(string market, string raw, string? expected) => Assert.Equal(expected, Parse(market, raw));

    [Theory]
    [InlineData("AU", "+61412345678", "+61412345678")]
    [InlineData("AU", "0061412345678", "+61412345678")]
    [InlineData("AU", "+610412345678", "+61412345678")]      // a trunk prefix after the country code is dropped, too
    [InlineData("AU", "00610412345678", "+61412345678")]
    [InlineData("AU", "+61 (0)412 345 678", "+61412345678")]
    [InlineData("AU", "(+61) 412 345 678", "+61412345678")]
    [InlineData("AU", "+6141234567", null)]
    [InlineData("AU", "+614123456789", null)]
    [InlineData("AU", "+61", null)]
    [InlineData("AU", "+64211234567", "+64211234567")]       // another market's number, by that market's rule
    [InlineData("AU", "006431234567", "+6431234567")]        // 8 digits are enough for it
    [InlineData("JP", "+886912345678", "+886912345678")]
    [InlineData("TW", "+8613812345678", "+8613812345678")]
    [InlineData("CN", "00886 0912 345 678", "+886912345678")]
    [InlineData("AU", "+12025550123", null)]                 // no market's calling code
    [InlineData("AU", "+4915112345678", null)]
    [InlineData("AU", "0012025550123", null)]
    [InlineData("AU", "+0412345678", null)]
    [InlineData("AU", "+0061412345678", null)]
    [InlineData("AU", "+", null)]
    [InlineData("AU", "00", null)]
    [InlineData("AU", "++61412345678", null)]
    [InlineData("AU", "61+412345678", null)]
    public void APlusOrADoubleZeroMeansInternational(string market, string raw, string? expected) => Assert.Equal(expected, Parse(market, raw));

    [Theory]
    [InlineData("AU", "61412345678", "+61412345678")]
    [InlineData("AU", "610412345678", "+61412345678")]
    [InlineData("TW", "886912345678", "+886912345678")]
    [InlineData("JP", "819012345678", "+819012345678")]
    [InlineData("IN", "919876543210", "+919876543210")]
    [InlineData("IN", "9198765432", "+919198765432")]        // too short after 91: a national number that happens to begin so
    [InlineData("ID", "6281234567", "+6281234567")]          // right length after 62: taken so, though 10 digits would do as well
    [InlineData("ZA", "271234567", "+27271234567")]
    [InlineData("AU", "64211234567", null)]                  // another country's code needs the plus
    public void ItsOwnCountryCodeNeedsNoPlusWhenTheLengthIsRight(string market, string raw, string? expected) =>
        Assert.Equal(expected, Parse(market, raw));

    [Theory]
    [InlineData("0412-345-678")]
    [InlineData("0412.345.678")]
    [InlineData("0412/345/678")]
    [InlineData("(0412) 345 678")]
    [InlineData("[0412] 345678")]
    [InlineData(" 0412 345 678 ")]
    [InlineData("0412\u00a0345\u2009678")]
    [InlineData("0412‐345‑678")]                              // hyphen, non-breaking hyphen
    [InlineData("0412–345—678")]
    [InlineData("0412−345−678")]                              // minus sign, as Japanese keyboards give it
    [InlineData("０４１２３４５６７８")]
    [InlineData("＋６１　４１２－３４５－６７８")]
    [InlineData("（０４１２）３４５．６７８")]
    [InlineData("00６１412345678")]
    public void SeparatorsAreDroppedAndFullWidthDigitsRead(string raw) => Assert.Equal("+61412345678", Parse("AU", raw));

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("-")]
    [InlineData("n/a")]
    [InlineData("0412 345 678 ext 5")]
    [InlineData("0412 345 678 x5")]
    [InlineData("0412345678, 0298765432")]
    [InlineData("0412*345678")]
    [InlineData("#0412345678")]
    [InlineData("٠٤١٢٣٤٥٦٧٨")]                                // NFKC leaves Arabic digits alone
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    public void WhatIsNoNumberIsNone(string raw) => Assert.Null(Parse("AU", raw));

    /// <summary>Built at run time: a literal can't carry half a surrogate pair through the runner.</summary>
    [Fact]
    public void BrokenTextIsNoNumberAndNoException() => Assert.Null(Parse("AU", "0412" + (char)0xD800 + "345678"));

    [Fact]
    public void TheLongestCallingCodeWins()
    {
        DiallingRule[] rules = [new("8", "0", 9, 12), new("886", "0", 8, 9)];

        Assert.Equal("+886912345678", PhoneNumber.Parse("+8860912345678", rules[0], rules)?.E164);
    }

    [Fact]
    public void AMarketMayHaveNoTrunkPrefix()
    {
        DiallingRule rule = new("65", "", 8, 8);

        Assert.Equal("+6581234567", PhoneNumber.Parse("81234567", rule, [rule])?.E164);
        Assert.Null(PhoneNumber.Parse("081234567", rule, [rule]));
    }

    [Fact]
    public void TwoSpellingsOfOneNumberAreEqual() => Assert.Equal(Some.Number("+61 412 345 678"), Some.Number("(0412) 345-678"));

    private static string? Parse(string market, string raw) =>
        PhoneNumber.Parse(raw, Some.Programme.Markets[market].Dialling, Some.Programme.DiallingRules)?.E164;

    [Theory]
    [InlineData("\uFFFE02 9374 4000")]
    [InlineData("02 9374 4000\uD800")]
    [InlineData("\uDC00\uD800")]
    public void WhatIsNoTextIsNoNumber(string raw)
    {
        var au = new DiallingRule("61", "0", 9, 9);
        Assert.Null(PhoneNumber.Parse(raw, au, [au]));
    }
}
