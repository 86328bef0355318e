namespace Survey.Domain.Tests;

public class EmailAddressTests
{
    [Theory]
    [InlineData("kim@mail.test", "kim@mail.test")]
    [InlineData("Kim.Lee+survey@Mail.Test", "Kim.Lee+survey@mail.test")] // the local part as written, the domain in lower case
    [InlineData("k@a.co", "k@a.co")]
    [InlineData("o'brien@mail.test", "o'brien@mail.test")]
    [InlineData("!#$%&'*+-/=?^_`{|}~@mail.test", "!#$%&'*+-/=?^_`{|}~@mail.test")] // every atext sign of RFC 5322
    [InlineData("\"kim lee\"@mail.test", "\"kim lee\"@mail.test")]
    [InlineData("\"kim@home\"@mail.test", "\"kim@home\"@mail.test")]
    [InlineData("\"a\\\"b\"@mail.test", "\"a\\\"b\"@mail.test")]
    [InlineData("kim@mail-2.co.nz", "kim@mail-2.co.nz")]
    [InlineData("kim@1and1.com", "kim@1and1.com")]
    [InlineData("kim@例え.jp", "kim@xn--r8jz45g.jp")]
    [InlineData("kim@bücher.example", "kim@xn--bcher-kva.example")]
    [InlineData("kim@BÜCHER.example", "kim@xn--bcher-kva.example")]
    [InlineData("kim@例え。jp", "kim@xn--r8jz45g.jp")] // the ideographic full stop separates labels
    [InlineData("kim@xn--r8jz45g.jp", "kim@xn--r8jz45g.jp")]
    [InlineData("顧客@mail.test", "顧客@mail.test")] // RFC 6531
    public void AnAddrSpecIsAnAddress(string text, string expected) => Assert.Equal(expected, EmailAddress.Parse(text)?.Value);

    [Theory]
    [InlineData("")]
    [InlineData("kim")]
    [InlineData("@")]
    [InlineData("@mail.test")]
    [InlineData("kim@")]
    [InlineData("kim@@mail.test")]
    [InlineData("kim@home@mail.test")]
    [InlineData("kim lee@mail.test")]
    [InlineData(" kim@mail.test")]
    [InlineData("kim@mail.test ")]
    [InlineData("kim@mail .test")]
    [InlineData(".kim@mail.test")]
    [InlineData("kim.@mail.test")]
    [InlineData("kim..lee@mail.test")]
    [InlineData("kim@localhost")]          // a relay would complete it with its own domain
    [InlineData("kim@.test")]
    [InlineData("kim@mail..test")]
    [InlineData("kim@mail.test.")]
    [InlineData("kim@-mail.test")]
    [InlineData("kim@mail-.test")]
    [InlineData("kim@mail_1.test")]
    [InlineData("kim@192.0.2.1")]
    [InlineData("kim@[192.0.2.1]")]
    [InlineData("Kim <kim@mail.test>")]    // a mailbox, not an addr-spec
    [InlineData("<kim@mail.test>")]
    [InlineData("mailto:kim@mail.test>")]
    [InlineData("kim@mail.test,lee@mail.test")]
    [InlineData("kim@mail.test;lee@mail.test")]
    [InlineData("kim@mail.test lee@mail.test")]
    [InlineData("kim@mail.test\r\nBcc: lee@mail.test")] // no way into the headers
    [InlineData("kim\r\n@mail.test")]
    [InlineData("\"kim\r\nBcc: x\"@mail.test")]
    [InlineData("\"\"@mail.test")]
    [InlineData("\"kim@mail.test")]
    [InlineData("\"kim\"lee@mail.test")]
    [InlineData("\"kim\\\"@mail.test")]
    [InlineData("kim(comment)@mail.test")]
    [InlineData("kim@xn--.例え")]
    [InlineData("kim\u200b@mail.test")]    // an invisible sign would make a second key for one mailbox
    [InlineData("kim\u00a0@mail.test")]
    public void AnythingElseIsNoAddress(string text) => Assert.Null(EmailAddress.Parse(text));

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void ALocalPartHasAtMost64Octets(int length, bool valid) =>
        Assert.Equal(valid, EmailAddress.Parse(new string('k', length) + "@mail.test") is not null);

    [Theory]
    [InlineData(21, true)]  // 63 octets
    [InlineData(22, false)] // 66 octets
    public void OctetsAreCountedInUtf8(int length, bool valid) =>
        Assert.Equal(valid, EmailAddress.Parse(new string('客', length) + "@mail.test") is not null);

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void ALabelHasAtMost63Characters(int length, bool valid) =>
        Assert.Equal(valid, EmailAddress.Parse("kim@" + new string('m', length) + ".test") is not null);

    [Theory]
    [InlineData(254, true)]
    [InlineData(255, false)]
    public void AnAddressHasAtMost254Characters(int length, bool valid)
    {
        var domain = string.Join('.', Enumerable.Repeat(new string('m', 60), 3)) + ".test"; // 187 characters
        var local = new string('k', 60);
        var address = $"{local}@{new string('n', length - local.Length - domain.Length - 2)}.{domain}";

        Assert.Equal(length, address.Length);
        Assert.Equal(valid, EmailAddress.Parse(address) is not null);
    }

    [Fact]
    public void TwoSpellingsOfOneMailboxAreOneAddress()
    {
        var written = EmailAddress.Parse("Kim.Lee@Bücher.EXAMPLE");
        var again = EmailAddress.Parse("kim.lee@xn--bcher-kva.example");

        Assert.Equal(again, written);
        Assert.Equal(again!.GetHashCode(), written!.GetHashCode());
        Assert.Equal("kim.lee@xn--bcher-kva.example", written.Key);
        Assert.NotEqual(again, EmailAddress.Parse("kimlee@xn--bcher-kva.example")); // dots and tags are the provider's business
    }

    [Fact]
    public void WhatIsNoTextIsNoAddress()
    {
        foreach (var bad in new[] { "\uD800", "\uDC00a", "\uFFFE", "\uFFFF" })
        {
            Assert.Null(EmailAddress.Parse($"a{bad}@mail.example"));
            Assert.Null(EmailAddress.Parse($"\"a{bad}\"@mail.example"));
            Assert.Null(EmailAddress.Parse($"a@m{bad}.example"));
        }
    }
}
