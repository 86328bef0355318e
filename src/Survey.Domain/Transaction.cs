namespace Survey.Domain;

/// <summary>What identifies a transaction across rolling extracts (programme.md, <i>Transactions</i>).</summary>
public readonly record struct TransactionKey(string Country, string DealerCode, SurveyKind Survey, string TransactionId);

/// <summary>A purchase or a workshop visit as a dealer's system reports it; every value has passed <see cref="Intake"/>.</summary>
public sealed record Transaction
{
    /// <summary>The natural key.</summary>
    public required TransactionKey Key { get; init; }

    /// <summary>The dealer's name as the extract gives it; may be empty.</summary>
    public string DealerName { get; init; } = "";

    /// <summary>The dealer took the transaction back.</summary>
    public bool Cancelled { get; init; }

    /// <summary>The day of hand-over, or the day the vehicle was handed back.</summary>
    public required DateOnly EventDate { get; init; }

    /// <summary>When the vehicle was bought, if known.</summary>
    public DateOnly? PurchaseDate { get; init; }

    /// <summary>17 characters, upper case.</summary>
    public required string Vin { get; init; }

    /// <summary>The model's name; may be empty.</summary>
    public string Model { get; init; } = "";

    /// <summary>Kilometres on the odometer, if known.</summary>
    public int? MileageKm { get; init; }

    /// <summary>One of <see cref="Intake.CustomerTypes"/>.</summary>
    public required string CustomerType { get; init; }

    /// <summary>One of <see cref="Intake.PaymentTypes"/>; empty for a sale.</summary>
    public string PaymentType { get; init; } = "";

    /// <summary>The dealer's number for the customer; may be empty.</summary>
    public string CustomerId { get; init; } = "";

    /// <summary>Everything that says who the customer is: kept apart, since it is stored encrypted.</summary>
    public ContactData Contact { get; init; } = ContactData.None;

    /// <summary>BCP 47; may be empty.</summary>
    public string Language { get; init; } = "";

    /// <summary>The dealer's system says: no e-mail.</summary>
    public bool EmailOptOut { get; init; }

    /// <summary>The dealer's system says: no calls.</summary>
    public bool PhoneOptOut { get; init; }
}

/// <summary>A person's name and addresses as the dealer wrote them; each may be empty.</summary>
public sealed record ContactData(string Name, string Email, string Phone1, string Phone2, string StaffName)
{
    /// <summary>Nothing known, or erased.</summary>
    public static ContactData None { get; } = new("", "", "", "", "");
}
